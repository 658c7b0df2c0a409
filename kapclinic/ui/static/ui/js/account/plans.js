// Payment plans: what the client means to pay when, what came so far, and what is late. No interest.
import { plain } from "../core/cents.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { addDays, date, dayIn, now } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { Amount, amountIn, Chosen, Foot, Form, Pick, State, Unchosen, useList, useRow, useRows, wrong } from "./parts.js";

export function Plans({ client, account, places, turn, chosen, choose, open, onDone }) {
  const list = useList("payment-plans/", { client }, turn);
  const row = useRow(list, "payment-plans/", chosen, turn);
  const [making, make] = useState(false);
  useRows((list.rows ?? []).map((one) => one.id), chosen, choose);
  const done = (made, replayed) => (make(false), onDone(made, replayed), made && choose(made.id));
  return html`<section class="ac-l" aria-label=${t("Payment plans")}>
      <div class="sec-h"><h2>${t("Payment plans")}</h2><button type="button" class="b s" onClick=${() => make(true)}><${Icon} name="plus" />${t("Agree on a plan")}</button></div>
      <div class="scroll"><table class="list">
        <thead><tr><th>${t("First part")}</th><th class="num">${t("Parts")}</th><th class="num">${t("Total")}</th><th class="num">${t("Paid")}</th><th class="num">${t("Late")}</th></tr></thead>
        <tbody>${(list.rows ?? []).map((one) => html`<tr key=${one.id} class=${one.id === chosen ? "cur" : ""} onClick=${() => choose(one.id)}>
          <td><${Pick} id=${one.id} current=${one.id === chosen} onChoose=${() => choose(one.id)}>${date(one.first_due)}<//> <${State} status=${one.status} /></td>
          <td class="num">${one.count}</td><td class="num">${plain(one.total)}</td><td class="num">${plain(one.paid)}</td><td class="num"><b>${plain(one.overdue)}</b></td>
        </tr>`)}</tbody>
      </table></div>
      <${Foot} list=${list} empty=${t("No payment plan was agreed on.")} />
    </section>
    <section class="ac-r" aria-label=${t("Chosen plan")}>${row ? html`<${One} key=${row.id} row=${row} open=${open} />` : html`<${Unchosen}>${t("Choose a plan to see its parts.")}<//>`}</section>
    ${making && html`<${Agree} client=${client} account=${account} places=${places} onDone=${done} onClose=${() => make(false)} />`}`;
}

/** @param {{row: Api["PaymentPlanOut"], open: (dialog: object) => void}} props */
function One({ row, open }) {
  const about = html`<p><b>${plain(row.total)}</b> · ${date(row.first_due)}</p><p class="quiet">${t("What is owed stays owed; only the plan ends.")}</p>`;
  const foot = row.allowed_moves.includes("cancel") && html`<button type="button" class="b go" onClick=${() => open({ kind: "why", path: `payment-plans/${row.id}/cancel/`, title: t("End this plan"), verb: t("End the plan"), about })}>${t("End it…")}</button>`;
  return html`<${Chosen} title=${plain(row.total)} aside=${html`<${State} status=${row.status} />`} foot=${foot}>
    <ul class="lines">${row.installments.map((part) => html`<li key=${part.number}><span class="grow">${date(part.due_on)}</span><span class="num">${t("{paid} of {amount} paid", { paid: plain(part.paid), amount: plain(part.amount) })}</span></li>`)}</ul>
    ${row.cancel_reason && html`<p class="quiet">${row.cancel_reason}</p>`}
  <//>`;
}

function Agree({ client, account, places, onDone, onClose }) {
  const today = dayIn(now(), places[0]?.time_zone ?? "UTC");
  const labels = { total: t("Total, $"), count: t("Parts"), first_due: t("First part on"), interval_days: t("Days between the parts"), location: t("Clinic") };
  const bodyOf = (form) => {
    const days = Number(form.get("interval_days"));
    if (!Number.isInteger(days) || days < 1) throw wrong("interval_days", t("Type whole days, such as 30."));
    return { client, total: amountIn(form, "total"), count: Number(form.get("count")), first_due: form.get("first_due"), interval_days: days, location: form.get("location") };
  };
  return html`<${Form} title=${t("Agree on a payment plan")} verb=${t("Agree on it")} path="payment-plans/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<p class="quiet">${t("{amount} is owed now. Up to four parts, without interest.", { amount: plain(account?.owes) })}</p>
      <div class="two"><${Amount} name="total" label=${labels.total} wrong=${bad} autofocus />
        <${Field} name="count" label=${labels.count} wrong=${bad} options=${[["2", "2"], ["3", "3"], ["4", "4"], ["1", "1"]]} />
        <${Field} name="first_due" label=${labels.first_due} wrong=${bad} type="date" min=${today} defaultValue=${addDays(today, 14)} />
        <${Field} name="interval_days" label=${labels.interval_days} wrong=${bad} inputmode="numeric" defaultValue="30" />
        <${Field} name="location" label=${labels.location} wrong=${bad} options=${places.map((row) => [row.id, row.name])} /></div>`}
  <//>`;
}
