// What was charged: each line with what was taken off it, what paid it, and what is open.
import { parse, plain } from "../core/cents.js";
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { date } from "../core/time.js";
import { methodName } from "../till/words.js";
import { Chosen, Foot, Pick, State, Unchosen, useAll, useList, useRow, useRows, useWhy } from "./parts.js";
import { reasonName } from "./words.js";

const KINDS = { insurance: () => t("For the plan"), hsa_eligible: () => t("For a health account"), self_pay: () => t("The client's own to pay") };

export function Charges({ client, turn, chosen, choose, open }) {
  const list = useList("charges/", { client }, turn);
  const row = useRow(list, "charges/", chosen, turn);
  useRows((list.rows ?? []).map((one) => one.id), chosen, choose);
  return html`<section class="ac-l" aria-label=${t("Charges")}>
      <div class="sec-h"><h2>${t("Charges")}</h2><button type="button" class="b s" onClick=${() => open({ kind: "charge" })}><${Icon} name="plus" />${t("Charge a fee")} <kbd>c</kbd></button></div>
      <div class="scroll"><table class="list">
        <thead><tr><th>${t("Day")}</th><th>${t("Service")}</th><th class="num wide">${t("Charged")}</th><th class="num wide">${t("Adjusted")}</th><th class="num wide">${t("Paid")}</th><th class="num">${t("Open")}</th></tr></thead>
        <tbody>${(list.rows ?? []).map((one) => html`<tr key=${one.id} class=${rowClass(one, chosen)} onClick=${() => choose(one.id)}>
          <td class="nowrap">${date(one.date_of_service)}</td>
          <td><${Pick} id=${one.id} current=${one.id === chosen} onChoose=${() => choose(one.id)}>${one.label}<//> <span class="faint">${one.code}</span> <${State} status=${one.status} /></td>
          <td class="num wide">${plain(one.amount)}</td><td class="num wide">${plain(one.adjustments)}</td><td class="num wide">${plain(one.paid)}</td><td class="num"><b>${plain(one.balance)}</b></td>
        </tr>`)}</tbody>
      </table></div>
      <${Foot} list=${list} empty=${t("Nothing was charged yet. What took place is charged on the billing page.")} />
    </section>
    <section class="ac-r" aria-label=${t("Chosen charge")}>
      ${row ? html`<${One} key=${row.id} client=${client} row=${row} turn=${turn} open=${open} />` : html`<${Unchosen}>${t("Choose a charge to adjust or reverse it.")}<//>`}
    </section>`;
}

/** What was reversed stands there, and counts no more. */
export function rowClass(row, chosen) {
  return `${row.id === chosen ? "cur" : ""} ${row.status === "reversed" || row.status === "reversal" ? "off" : ""}`;
}

/** @param {{client: string, row: Api["ChargeOut"], turn: any, open: (dialog: object) => void}} props */
function One({ client, row, turn, open }) {
  const may = (move) => row.allowed_moves.includes(move);
  const about = html`<p><b>${row.label}</b> · ${date(row.date_of_service)} · ${plain(row.amount)}</p>`;
  const why = (path, title, verb) => open({ kind: "why", path: `charges/${row.id}/${path}/`, title, verb, about });
  const foot = row.allowed_moves.length > 0 && html`
    ${may("confirm") && html`<button type="button" class="b go" onClick=${() => why("confirm", t("Confirm the amount above the fee"), t("Confirm it"))}>${t("Confirm the amount…")}</button>`}
    <button type="button" class=${may("confirm") ? "b" : "b go"} onClick=${() => open({ kind: "adjust", charge: row })}>${t("Adjust…")}</button>
    ${may("reverse") && html`<button type="button" class="b" onClick=${() => why("reverse", t("Reverse this charge"), t("Reverse the charge"))}>${t("Reverse…")}</button>`}`;
  const told = [[t("Why not the fee"), row.amount_reason], [t("Why another kind"), row.kind_reason], [t("Let pass by the director"), row.override_reason], [row.status === "reversed" ? t("Why it is reversed") : t("Why?"), useWhy("charges/", row)]];
  return html`<${Chosen} title=${row.label} aside=${html`<${State} status=${row.status} />`} foot=${foot}>
    <dl class="dl">
      <dt>${t("Day")}</dt><dd>${date(row.date_of_service)}</dd>
      <dt>${t("Service")}</dt><dd>${row.code} × ${row.units} · ${KINDS[row.line_kind]?.() ?? row.line_kind}</dd>
      ${row.rendering_as && html`<dt>${t("Rendered by")}</dt><dd>${row.rendering_as.name}</dd>`}
      <dt>${t("Charged")}</dt><dd>${plain(row.amount)}${row.unit_amount && html` <span class="faint">${t("fee {amount} each", { amount: plain(row.unit_amount) })}</span>`}</dd>
      <dt>${t("Adjusted")}</dt><dd>${plain(row.adjustments)}</dd>
      <dt>${t("Paid")}</dt><dd>${plain(row.paid)}</dd>
      <dt>${t("Open")}</dt><dd><b>${plain(row.balance)}</b></dd>
      ${told.filter(([, text]) => text).map(([label, text]) => html`<dt key=${label}>${label}</dt><dd>${text}</dd>`)}
    </dl>
    ${row.status !== "reversal" && html`<${Paying} client=${client} charge=${row} turn=${turn} />`}
    <${Adjustments} charge=${row} turn=${turn} open=${open} />
  <//>`;
}

/** Which payments paid a charge, each with its part. */
function Paying({ client, charge, turn }) {
  const all = useAll("payments/", { client }, turn);
  const parts = all.flatMap((payment) => payment.allocations.filter((one) => one.charge === charge.id && parse(one.amount) !== 0).map((one) => ({ payment, amount: one.amount })));
  if (!parts.length) return null;
  return html`<h2>${t("What paid it")}</h2>
    <ul class="lines">${parts.map(({ payment, amount }) => html`<li key=${payment.id}><span class="grow"><a href=${`?tab=payments&row=${payment.id}`}>${methodName(payment.method)}</a> <span class="faint">${date(payment.received_on)} ${payment.reference}</span></span><span class="num">${plain(amount)}</span></li>`)}</ul>`;
}

function Adjustments({ charge, turn, open }) {
  const list = useList("adjustments/", { charge: charge.id }, turn);
  if (!list.rows?.length) return null;
  const back = (row) => open({ kind: "why", path: `adjustments/${row.id}/reverse/`, title: t("Reverse this adjustment"), verb: t("Reverse the adjustment"), about: html`<p><b>${reasonName(row.reason)}</b> · ${plain(row.amount)}</p>` });
  return html`<h2>${t("Adjustments")}</h2>
    <ul class="lines">${list.rows.map((row) => html`<li key=${row.id} class=${rowClass(row)}>
      <span class="grow"><b>${reasonName(row.reason)}</b> <${State} status=${row.status} />${row.note && html`<br /><span class="small quiet">${row.note}</span>`}</span>
      <span class="num">${plain(row.amount)}</span>
      ${row.allowed_moves.includes("reverse") && html`<button type="button" class="b s" onClick=${() => back(row)}>${t("Reverse…")}</button>`}
    </li>`)}</ul>`;
}
