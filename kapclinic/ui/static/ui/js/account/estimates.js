// Good faith estimates: what a course is expected to cost, told in writing before; and what was billed beyond it.
import { parse, plain } from "../core/cents.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { lazy } from "../core/lazy.js";
import { date, dayIn } from "../core/time.js";
import { Chosen, Foot, Paper, Pick, State, Unchosen, useList, useOne, useRow, useRows } from "./parts.js";

const Ask = lazy(() => import("./estimate.js"), "Ask");
const Issue = lazy(() => import("./estimate.js"), "Issue");

export function Estimates({ client, places, turn, chosen, choose, open, onDone }) {
  const list = useList("estimates/", { client }, turn);
  const row = useRow(list, "estimates/", chosen, turn);
  const [over, show] = useState(null);
  useRows((list.rows ?? []).map((one) => one.id), chosen, choose);
  const done = (made, replayed) => (show(null), onDone(made, replayed), made && choose(made.id));
  const common = { client, places, onDone: done, onClose: () => show(null) };
  return html`<section class="ac-l" aria-label=${t("Estimates")}>
      <div class="sec-h"><h2>${t("Estimates")}</h2><button type="button" class="b s" onClick=${() => show({ kind: "ask" })}><${Icon} name="plus" />${t("Make an estimate")}</button></div>
      <div class="scroll"><table class="list">
        <thead><tr><th>${t("Number")}</th><th>${t("Due on")}</th><th>${t("How it stands")}</th><th class="num">${t("Total")}</th></tr></thead>
        <tbody>${(list.rows ?? []).map((one) => html`<tr key=${one.id} class=${rowClass(one, chosen)} onClick=${() => choose(one.id)}>
          <td><${Pick} id=${one.id} current=${one.id === chosen} onChoose=${() => choose(one.id)}>${one.number}<//>${one.edition > 1 && html` <span class="faint">${t("edition {n}", { n: one.edition })}</span>`}</td>
          <td class="nowrap">${one.due_on ? date(one.due_on) : "–"}</td><td><${State} status=${one.status} /></td><td class="num"><b>${plain(one.total)}</b></td>
        </tr>`)}</tbody>
      </table></div>
      <${Foot} list=${list} empty=${t("No estimate was made for this client.")} />
    </section>
    <section class="ac-r" aria-label=${t("Chosen estimate")}>${row ? html`<${One} key=${row.id} row=${row} places=${places} turn=${turn} open=${open} show=${show} />` : html`<${Unchosen}>${t("Choose an estimate to issue it, or to see what was billed beyond it.")}<//>`}</section>
    ${over?.kind === "ask" && html`<${Ask} ...${common} earlier=${over.earlier} />`}
    ${over?.kind === "issue" && html`<${Issue} ...${common} row=${over.row} />`}`;
}

function rowClass(row, chosen) {
  return `${row.id === chosen ? "cur" : ""} ${["voided", "superseded"].includes(row.status) ? "off" : ""}`;
}

function Foots({ row, open, show }) {
  const may = (move) => row.allowed_moves.includes(move);
  const about = html`<p><b>${row.number}</b> · ${plain(row.total)}</p>`;
  return html`${may("issue") && html`<button type="button" class="b go" onClick=${() => show({ kind: "issue", row })}>${t("Issue it…")}</button>`}
    ${row.issued_on && html`<${Paper} href=${`/api/v1/estimates/${row.id}/pdf/`} />`}
    ${row.status === "issued" && html`<button type="button" class="b" onClick=${() => show({ kind: "ask", earlier: row })}>${t("Next edition…")}</button>`}
    ${may("void") && html`<button type="button" class="b" onClick=${() => open({ kind: "why", path: `estimates/${row.id}/void/`, title: t("Void this estimate"), verb: t("Void the estimate"), about })}>${t("Void it…")}</button>`}`;
}

/** @param {{row: Api["EstimateRowOut"], places: any[], turn: any, open: (dialog: object) => void, show: (form: object) => void}} props */
function One({ row, places, turn, open, show }) {
  const whole = useOne(`estimates/${row.id}/`, {}, turn).data;
  const zone = places.find((one) => one.id === row.location)?.time_zone ?? "UTC";
  const asked = row.requested_at ? t("asked for on {day}", { day: date(dayIn(row.requested_at, zone)) }) : t("booked on {day} for {service}", { day: date(dayIn(row.scheduled_at, zone)), service: date(row.service_on) });
  return html`<${Chosen} title=${row.number} aside=${html`<${State} status=${row.status} />`} foot=${html`<${Foots} row=${row} open=${open} show=${show} />`}>
    <dl class="dl">
      <dt>${t("Why it is made")}</dt><dd>${asked}</dd>
      <dt>${t("Due on")}</dt><dd>${row.due_on ? date(row.due_on) : t("none is owed: it was booked too late for one")}</dd>
      <dt>${t("Holds")}</dt><dd>${date(row.from_date)} – ${date(row.to_date)}</dd>
      ${row.delivered_at && html`<dt>${t("Handed over")}</dt><dd>${date(dayIn(row.delivered_at, zone))} ${row.late && html`<span class="chip med"><${Icon} name="warn" />${t("after it was due")}</span>`}</dd>`}
      ${row.superseded_by && html`<dt>${t("Next edition")}</dt><dd>${row.superseded_by}</dd>`}
      ${row.void_reason && html`<dt>${t("Why?")}</dt><dd>${row.void_reason}</dd>`}
      <dt>${t("Total")}</dt><dd><b>${plain(row.total)}</b></dd>
    </dl>
    <ul class="lines">${row.items.map((item, n) => html`<li key=${n}><span class="grow"><b>${item.code}</b> ${item.label}<br /><span class="small quiet">${item.rendering_name}</span></span><span class="faint">${item.quantity} × ${plain(item.unit_amount)}</span><span class="num">${plain(item.amount)}</span></li>`)}</ul>
    <${Excess} rows=${whole?.excess ?? []} items=${row.items} />
  <//>`;
}

/** What was billed beside what was told. From 400.00 over, the client may dispute the bill. */
function Excess({ rows, items }) {
  if (!rows.length) return null;
  const nameOf = (user) => items.find((item) => item.rendering === user)?.rendering_name ?? "–";
  return html`<h2>${t("Billed so far")}</h2>
    <ul class="lines">${rows.map((row) => html`<li key=${row.rendering}><span class="grow">${nameOf(row.rendering)}</span><span>${t("{billed} of {estimated}", { billed: plain(row.billed), estimated: plain(row.estimated) })}</span>
      ${parse(row.over) > 0 && html`<span class="chip med"><${Icon} name="warn" />${t("{amount} over", { amount: plain(row.over) })}</span>`}</li>`)}</ul>`;
}
