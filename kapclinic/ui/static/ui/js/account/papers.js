// The papers of a client: statements of what was owed and paid, the superbills and the receipts that were issued.
import { plain } from "../core/cents.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { addDays, date, dayIn, now } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { Foot, Form, Paper, State, useList, wrong } from "./parts.js";

export function Papers({ client, places, turn, open, onDone }) {
  const [making, make] = useState(false);
  const voiding = (path) => (row) => open({ kind: "why", path: `${path}${row.id}/void/`, title: t("Void this paper"), verb: t("Void the paper"), about: html`<p><b>${row.number}</b></p><p class="quiet">${t("It counts for nothing then, and no other stands in its place. Its number and its PDF stay.")}</p>` });
  const done = (made, replayed) => (make(false), onDone(made, replayed));
  return html`<section class="ac-l" aria-label=${t("Statements")}>
      <div class="sec-h"><h2>${t("Statements")}</h2><button type="button" class="b s" onClick=${() => make(true)}><${Icon} name="plus" />${t("Make a statement")}</button></div>
      <${Rows} path="statements/" client=${client} turn=${turn} empty=${t("No statement was made yet.")} />
    </section>
    <section class="ac-l" aria-label=${t("Superbills and receipts")}>
      <div class="sec-h"><h2>${t("Superbills")}</h2></div>
      <${Rows} path="superbills/" client=${client} turn=${turn} onVoid=${voiding("superbills/")} empty=${t("No superbill was issued yet. They are issued on the billing page.")} />
      <div class="sec-h"><h2>${t("Receipts for a health account")}</h2></div>
      <${Rows} path="receipts/" client=${client} turn=${turn} onVoid=${voiding("receipts/")} empty=${t("None was issued yet.")} />
    </section>
    ${making && html`<${Make} client=${client} places=${places} onDone=${done} onClose=${() => make(false)} />`}`;
}

/** A statement is never voided. @param {{path: string, client: string, turn: any, empty: string, onVoid?: (row: any) => void}} props */
function Rows({ path, client, turn, empty, onVoid }) {
  const list = useList(path, { client, ordering: "-issued_on" }, turn);
  return html`${list.rows?.length > 0 && html`<div class="scroll"><table class="list">
      <thead><tr><th>${t("Number")}</th><th>${t("Period")}</th><th class="num">${t("Balance")}</th><th></th></tr></thead>
      <tbody>${list.rows.map((row) => html`<tr key=${row.id}>
        <td><b>${row.number}</b><br /><span class="small quiet">${date(row.issued_on)}</span></td>
        <td>${date(row.from_date)} – ${date(row.to_date)} ${row.status === "voided" ? html`<${State} status="voided" /> <span class="small quiet">${row.void_reason}</span>` : row.replaced_by ? html`<span class="chip">${t("Replaced by {number}", { number: row.replaced_by })}</span>` : row.outdated && html`<a class="chip med" href=${path === "superbills/" ? `/billing?tab=issued&row=${row.id}` : undefined}><${Icon} name="warn" />${t("The books differ now")}</a>`}</td>
        <td class="num">${plain(row.totals.balance)}</td>
        <td class="num">${onVoid && row.allowed_moves.includes("void") && html`<button type="button" class="b s" onClick=${() => onVoid(row)}>${t("Void it…")}<span class="vh"> ${row.number}</span></button> `}<${Paper} small href=${`/api/v1/${path}${row.id}/pdf/`}>PDF<span class="vh"> ${row.number}</span><//></td>
      </tr>`)}</tbody>
    </table></div>`}
    <${Foot} list=${list} empty=${empty} />`;
}

function Make({ client, places, onDone, onClose }) {
  const today = dayIn(now(), places[0]?.time_zone ?? "UTC");
  const labels = { from_date: t("From"), to_date: t("Last day"), location: t("Clinic") };
  const bodyOf = (form) => {
    if (form.get("to_date") < form.get("from_date")) throw wrong("to_date", t("Choose a day after the first one."));
    return { client, from_date: form.get("from_date"), to_date: form.get("to_date"), ...(form.get("location") ? { location: form.get("location") } : {}) };
  };
  return html`<${Form} title=${t("Make a statement")} verb=${t("Make it")} path="statements/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<p class="quiet">${t("What was charged, adjusted, paid and given back, with the balance after each. It names no code and no diagnosis.")}</p>
      <div class="two"><${Field} name="from_date" label=${labels.from_date} wrong=${bad} type="date" defaultValue=${addDays(today, -30)} />
        <${Field} name="to_date" label=${labels.to_date} wrong=${bad} type="date" max=${today} defaultValue=${today} /></div>
      ${places.length > 1 && html`<${Field} name="location" label=${labels.location} wrong=${bad} options=${[["", t("All of them")], ...places.map((row) => [row.id, row.name])]} />`}`}
  <//>`;
}
