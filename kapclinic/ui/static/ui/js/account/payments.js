// What came in: each payment with what it paid, what is left of it, and what went back.
import { parse, plain } from "../core/cents.js";
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { date, dayIn } from "../core/time.js";
import { methodName, takePayment } from "../till/words.js";
import { rowClass } from "./charges.js";
import { Chosen, Foot, Paper, Pick, State, Unchosen, useList, useOne, useRow, useRows, useWhy } from "./parts.js";

export function Payments({ client, turn, chosen, choose, open }) {
  const list = useList("payments/", { client }, turn);
  const row = useRow(list, "payments/", chosen, turn);
  useRows((list.rows ?? []).map((one) => one.id), chosen, choose);
  return html`<section class="ac-l" aria-label=${t("Payments")}>
      <div class="sec-h"><h2>${t("Payments")}</h2><button type="button" class="b s" onClick=${() => open({ kind: "pay" })}><${Icon} name="plus" />${takePayment()} <kbd>n</kbd></button></div>
      <div class="scroll"><table class="list">
        <thead><tr><th>${t("Came in on")}</th><th>${t("By")}</th><th class="num">${t("Amount")}</th><th class="num wide">${t("Refunded")}</th><th class="num">${t("Not allocated")}</th></tr></thead>
        <tbody>${(list.rows ?? []).map((one) => html`<tr key=${one.id} class=${rowClass(one, chosen)} onClick=${() => choose(one.id)}>
          <td class="nowrap"><${Pick} id=${one.id} current=${one.id === chosen} onChoose=${() => choose(one.id)}>${date(one.received_on)}<//></td>
          <td>${methodName(one.method)} <span class="faint">${one.reference}</span> <${State} status=${one.status} /></td>
          <td class="num"><b>${plain(one.amount)}</b></td><td class="num wide">${plain(one.refunded)}</td><td class="num">${plain(one.unallocated)}</td>
        </tr>`)}</tbody>
      </table></div>
      <${Foot} list=${list} empty=${t("Nothing was paid yet.")} />
    </section>
    <section class="ac-r" aria-label=${t("Chosen payment")}>
      ${row ? html`<${One} key=${row.id} row=${row} turn=${turn} open=${open} />` : html`<${Unchosen}>${t("Choose a payment to allocate, refund or reverse it.")}<//>`}
    </section>`;
}

/** Cents that a refund may still give back. @param {Api["PaymentOut"]} payment */
export function leftOf(payment) {
  return payment.status === "standing" ? parse(payment.amount) - parse(payment.refunded) : 0;
}

/** @param {{row: Api["PaymentOut"], turn: any, open: (dialog: object) => void}} props */
function One({ row, turn, open }) {
  const stands = row.status === "standing";
  const why = useWhy("payments/", row);
  const paid = useOne(stands ? `payments/${row.id}/receipt/` : null, {}, `${row.allocated} ${row.refunded}`).data; // asked once the row is new
  const about = html`<p><b>${methodName(row.method)}</b> · ${date(row.received_on)} · ${plain(row.amount)}</p>`;
  const kept = useList("package-purchases/", { payment: row.id, cancelled: false }, turn).rows?.[0];
  const spare = stands && parse(row.unallocated) > 0 && !kept;
  const foot = stands && html`
    ${spare && html`<button type="button" class="b go" onClick=${() => open({ kind: "allocate", payment: row })}>${t("Allocate…")}</button>`}
    <${Paper} href=${`/api/v1/payments/${row.id}/receipt/pdf/`}>${t("Receipt")}<//>
    ${leftOf(row) > 0 && html`<button type="button" class="b" onClick=${() => open({ kind: "refund", payment: row })}>${t("Refund…")}</button>`}
    ${row.allowed_moves.includes("reverse") && html`<button type="button" class="b" onClick=${() => open({ kind: "why", path: `payments/${row.id}/reverse/`, how: { match: `"${row.version}"` }, title: t("Reverse this payment"), verb: t("Reverse the payment"), about: html`${about}<p class="quiet">${t("For one that was entered wrongly, or bounced: what it paid is owed again.")}</p>` })}>${t("Reverse…")}</button>`}`;
  return html`<${Chosen} title=${`${plain(row.amount)} · ${methodName(row.method)}`} aside=${html`<${State} status=${row.status} />`} foot=${foot}>
    <dl class="dl">
      <dt>${t("Came in on")}</dt><dd>${date(row.received_on)}</dd>
      ${row.reference && html`<dt>${t("Reference")}</dt><dd>${row.reference}</dd>`}
      <dt>${t("Allocated")}</dt><dd>${plain(row.allocated)}</dd>
      <dt>${t("Refunded")}</dt><dd>${plain(row.refunded)}</dd>
      <dt>${t("Not allocated")}</dt><dd><b>${plain(row.unallocated)}</b></dd>
      ${why && html`<dt>${row.status === "reversed" ? t("Why it is reversed") : t("Why?")}</dt><dd>${why}</dd>`}
    </dl>
    ${kept && html`<p class="note"><${Icon} name="lock" /><span>${t("Its money is kept for the package “{name}”: cancel that first to use it otherwise.", { name: kept.name })} <a href=${`?tab=packages&row=${kept.id}`}>${t("Open the package")}</a></span></p>`}
    ${stands && paid?.lines.length > 0 && html`<h2>${t("What it paid")}</h2>
      <ul class="lines">${paid.lines.map((line) => html`<li key=${line.charge}><span class="grow">${line.description} <span class="faint">${date(line.date_of_service)}</span></span><span class="num">${plain(line.amount)}</span></li>`)}</ul>`}
    <${Refunds} payment=${row} turn=${turn} open=${open} />
  <//>`;
}

function Refunds({ payment, turn, open }) {
  const list = useList("refunds/", { payment: payment.id }, turn);
  if (!list.rows?.length) return null;
  const back = (row) => open({ kind: "why", path: `refunds/${row.id}/reverse/`, title: t("Reverse this refund"), verb: t("Reverse the refund"), about: html`<p><b>${methodName(row.method)}</b> · ${plain(row.amount)}</p>` });
  return html`<h2>${t("Given back")}</h2>
    <ul class="lines">${list.rows.map((row) => html`<li key=${row.id} class=${rowClass(row)}>
      <span class="grow">${methodName(row.method)} <span class="faint">${date(dayIn(row.created_at, "UTC"))}</span> <${State} status=${row.status} /><br /><span class="small quiet">${row.reason}${row.override_reason && ` · ${row.override_reason}`}</span></span>
      <span class="num">${plain(row.amount)}</span>
      ${row.allowed_moves.includes("reverse") && html`<button type="button" class="b s" onClick=${() => back(row)}>${t("Reverse…")}</button>`}
    </li>`)}</ul>`;
}
