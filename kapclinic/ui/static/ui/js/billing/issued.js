// Superbills that were issued: each as it was printed, and whether the books still agree with it.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { plain } from "../core/cents.js";
import { hrefOf } from "./known.js";
import { Paper } from "./paper.js";
import { More, Row, Stand, To, useSteps } from "./parts.js";
import { Preview } from "./preview.js";
import { dayName, spanName } from "./words.js";

/** @param {{list: any, current: any, nav: any, open: (id: string, step?: boolean) => void}} props */
export function Issued({ list, current, nav, open }) {
  const { said } = nav;
  useSteps(list.rows.map((row) => row.id), current?.id, (id) => open(id, true));
  const only = said.only === "outdated";
  return html`<div class="scr" tabindex="0" role="region" aria-label=${t("Issued")}>
    <p class="only small">${only ? html`${t("Only those that the books contradict.")} <${To} ...${nav} change=${{ only: null, row: null }}>${t("Show all")}<//>` : html`<${To} ...${nav} change=${{ only: "outdated", row: null }}>${t("Only those that the books contradict")}<//>`}</p>
    <${Stand} list=${list} />
    ${list.data && !list.rows.length && html`<p class="empty">${only ? t("The books agree with each superbill of these days.") : t("No superbill was issued in these days.")}</p>`}
    ${list.rows.length > 0 && html`<table class="list">
      <thead><tr><th>${t("Issued")}</th><th>${t("Client")}</th><th>${t("Superbill no.")}</th><th class="wide">${t("Services")}</th><th class="num wide">${t("Fees")}</th><th class="num wide">${t("Paid so far")}</th><th>${t("State now")}</th></tr></thead>
      <tbody>${list.rows.map((row) => html`<${Row} key=${row.id} id=${row.id} href=${hrefOf(said, { row: row.id })} open=${open} current=${current === row} first=${html`<td class="nowrap">${dayName(row.issued_on)}</td>`} name=${row.client_name}>
        <td class="nowrap">${row.number}</td><td class="wide">${spanName(row.lines[0].date_of_service, row.lines.at(-1).date_of_service)}</td>
        <td class="num wide">${plain(row.totals.charges)}</td><td class="num wide">${plain(row.totals.paid)}</td><td class="st"><${State} row=${row} /></td>
      <//>`)}</tbody>
    </table>`}
    <${More} list=${list} />
  </div>`;
}

function State({ row }) {
  if (row.status === "voided") return html`<span class="chip">${t("was voided")}</span>`;
  if (row.replaced_by) return html`<span class="small quiet">${t("replaced by {number}", { number: row.replaced_by })}</span>`;
  if (row.outdated) return html`<span class="chip med"><${Icon} name="warn" />${t("the books differ")}</span>`;
  return html`<span class="chip good"><${Icon} name="ok" />${t("as the books")}</span>`;
}

/** @param {{row: Api["SuperbillOut"], head: any, nav: any, press: any, onIssued: (paper: any, differs: boolean) => void}} props */
export function Superbill({ row, head, nav, press, onIssued }) {
  const [again, look] = useState(false);
  const pdf = `/api/v1/superbills/${row.id}/pdf/`;
  useKeys(again ? {} : { p: () => window.open(pdf, "_blank", "noopener") });
  if (again) {
    const period = { from: row.from_date, to: row.to_date };
    const location = row.locations.length === 1 ? row.locations[0] : undefined; // of several: each line is to stand again
    return html`<${Preview} client=${row.client} period=${period} location=${location} version=${row.id} corrects=${row} head=${html`${head}<button type="button" class="b s" onClick=${() => look(false)}>${t("Back")}</button>`} nav=${nav} onIssued=${onIssued} press=${press} />`;
  }
  return html`<div class="pc">
    <header class="row pvh"><h2 class="grow">${t("Superbill")} <span class="faint">${row.number}</span></h2>${head}
      <a class="b s" href=${pdf} target="_blank" rel="noopener"><${Icon} name="print" />${t("Print the PDF")} <kbd>p</kbd></a></header>
    <div class="pb">
      ${row.status === "voided" && html`<p class="note"><${Icon} name="info" /><span>${t("It was voided and counts for nothing: {why}", { why: row.void_reason })}</span></p>`}
      ${row.replaced_by && html`<p class="note"><${Icon} name="info" /><span>${t("{number} stands in its place. This one is kept as it was issued.", { number: row.replaced_by })}</span></p>`}
      ${row.outdated && !row.replaced_by && html`<p class="note med"><${Icon} name="warn" /><span class="grow">${t("Since it was issued, a line, a payment or a name has changed.")}</span><button type="button" class="b s" onClick=${() => look(true)}>${t("See what replaces it")}</button></p>`}
      <${Paper} paper=${row} />
      <p class="small quiet sha">${t("Checksum of the PDF (SHA-256): {sum}", { sum: row.sha256 })}</p>
    </div>
  </div>`;
}
