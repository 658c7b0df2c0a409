// Payments that came in, and what each has paid. They are taken, allocated and given back on the client's account.
import { get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { money, parse, plain } from "../core/cents.js";
import { hrefOf } from "./known.js";
import { More, Row, Stand, To, useSteps } from "./parts.js";
import { dayName, methodName, statusName } from "./words.js";

/** @param {{list: any, current: any, nav: any, open: (id: string, step?: boolean) => void}} props */
export function Payments({ list, current, nav, open }) {
  const { said } = nav;
  useSteps(list.rows.map((row) => row.id), current?.id, (id) => open(id, true));
  const only = said.only === "unallocated";
  return html`<div class="scr" tabindex="0" role="region" aria-label=${t("Payments")}>
    <p class="only small">${only ? html`${t("Only those that are not used up.")} <${To} ...${nav} change=${{ only: null, row: null }}>${t("Show all")}<//>` : html`<${To} ...${nav} change=${{ only: "unallocated", row: null }}>${t("Only those that are not used up")}<//>`}</p>
    <${Stand} list=${list} />
    ${list.data && !list.rows.length && html`<p class="empty">${t("No payment came in these days. One is taken on a client's account.")} <a href="/billing/clients">${t("Clients")}</a></p>`}
    ${list.rows.length > 0 && html`<table class="list">
      <thead><tr><th>${t("Day")}</th><th>${t("Client")}</th><th class="wide">${t("Method")}</th><th class="num">${t("How much")}</th><th class="num wide">${t("Put to charges")}</th><th class="num">${t("Still open")}</th><th>${t("State now")}</th></tr></thead>
      <tbody>${list.rows.map((row) => html`<${Row} key=${row.id} id=${row.id} href=${hrefOf(said, { row: row.id })} open=${open} current=${current === row} first=${html`<td class="nowrap">${dayName(row.received_on)}</td>`} name=${row.client_name}>
        <td class="wide">${methodName(row.method)} <span class="faint">${row.reference}</span></td>
        <td class="num">${plain(row.amount)}</td><td class="num wide">${plain(row.allocated)}</td><td class="num">${plain(row.unallocated)}</td>
        <td class="st small">${row.status === "standing" ? html`<span class="chip good"><${Icon} name="ok" />${statusName(row.status)}</span>` : statusName(row.status)}</td>
      <//>`)}</tbody>
    </table>`}
    <${More} list=${list} />
  </div>`;
}

/** What a payment has paid; a reversed one has no receipt. */
function useReceipt(id) {
  const [state, set] = useState({ data: null, at: 0, problem: null, round: 0 });
  useEffect(() => {
    let over = false;
    if (!id) return undefined;
    get(`payments/${id}/receipt/`)
      .then((data) => !over && set((old) => ({ ...old, data, at: Date.now(), problem: null })))
      .catch((problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [id, state.round]);
  return { ...state, again: () => set((old) => ({ ...old, problem: null, round: old.round + 1 })) };
}

/** Why a payment was reversed: the entry that reverses it says so. */
function useWhy(row) {
  const [why, set] = useState("");
  useEffect(() => {
    let over = false;
    if (row.reversed_by) get(`payments/${row.reversed_by}/`).then((found) => !over && set(found.reason), () => {}); // that it is reversed is said
    return () => {
      over = true;
    };
  }, [row.reversed_by]);
  return row.reason || why;
}

/** @param {{row: Api["PaymentOut"], head: any}} props */
export function Payment({ row, head }) {
  const stands = row.status === "standing";
  const receipt = useReceipt(stands ? row.id : null);
  const why = useWhy(row);
  const pdf = `/api/v1/payments/${row.id}/receipt/pdf/`;
  useKeys(stands ? { p: () => window.open(pdf, "_blank", "noopener") } : {});
  return html`<div class="pc">
    <header class="row pvh"><h2 class="grow">${row.client_name} <span class="faint">${t("Payment")}, ${dayName(row.received_on)}</span></h2>${head}
      ${stands && html`<a class="b s" href=${pdf} target="_blank" rel="noopener"><${Icon} name="print" />${t("Print the receipt")} <kbd>p</kbd></a>`}</header>
    <div class="pb"><div class="card inner">
      <dl class="dl"><dt>${t("How much")}</dt><dd><b>${money(row.amount)}</b></dd><dt>${t("Method")}</dt><dd>${methodName(row.method)} ${row.reference}</dd>
        <dt>${t("Put to charges")}</dt><dd>${money(row.allocated)}</dd>${parse(row.refunded) !== 0 && html`<dt>${t("Paid back")}</dt><dd>${money(row.refunded)}</dd>`}<dt>${t("Still open")}</dt><dd>${money(row.unallocated)}</dd></dl>
      ${!stands && html`<p class="note">${statusName(row.status)}${why && `: ${why}`}</p>`}
      ${stands && html`<h3>${t("What it has paid")}</h3><${Stand} list=${receipt} />`}
      ${receipt.data && !receipt.data.lines.length && html`<p class="quiet">${t("Nothing yet.")}</p>`}
      ${receipt.data?.lines.length > 0 && html`<table class="list"><thead><tr><th>${t("Day")}</th><th>${t("Session and code")}</th><th class="num">${t("How much")}</th></tr></thead>
        <tbody>${receipt.data.lines.map((line) => html`<tr key=${line.charge}><td class="nowrap">${dayName(line.date_of_service)}</td><td>${line.description}</td><td class="num">${plain(line.amount)}</td></tr>`)}</tbody></table>`}
      ${receipt.data?.notice && html`<p class="note med"><${Icon} name="warn" /><span>${receipt.data.notice}</span></p>`}
      <p class="small quiet">${t("Money is taken, used and given back on the client's account.")} <a href=${`/billing/clients/${row.client}`}>${t("Open the account")}</a></p>
    </div></div>
  </div>`;
}
