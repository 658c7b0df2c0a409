// Money of a payment that goes back: the way it came, unless the medical director says why not.
import { money } from "../core/cents.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";
import { date } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { methodName, methods, paymentLabels } from "../till/words.js";
import { Amount, amountIn, Form, said } from "./parts.js";
import { leftOf } from "./payments.js";

const SAME_CARD = ["hsa_card", "fsa_card"];

/** @param {{payment: any, onDone: any, onClose: () => void}} props */
export function Refund({ payment, onDone, onClose }) {
  const [method, set] = useState(payment.method);
  const other = method !== payment.method;
  const labels = { amount: paymentLabels().amount, method: t("Goes back by"), reason: t("Why?"), override_reason: t("Why another way than it came") };
  const bodyOf = (form) => ({
    payment: payment.id,
    amount: amountIn(form, "amount"),
    method,
    reason: said(form, "reason", t("Say why, in three letters or more.")),
    ...(form.get("override_reason")?.trim() ? { override_reason: form.get("override_reason").trim() } : {}),
  });
  const ways = SAME_CARD.includes(payment.method) ? methods().filter(([code]) => code === payment.method) : methods();
  return html`<${Form} title=${t("Refund this payment")} verb=${t("Refund it")} path="refunds/" labels=${labels} how=${{ match: `"${payment.version}"` }} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<p><b>${methodName(payment.method)}</b> · ${date(payment.received_on)} · ${t("{amount} may go back", { amount: money(leftOf(payment)) })}</p>
      <p class="quiet">${t("What is not allocated goes first; then what it paid last, which is owed again.")}</p>
      <div class="two"><${Amount} name="amount" label=${labels.amount} wrong=${bad} autofocus />
        <${Field} name="method" label=${labels.method} wrong=${bad} options=${ways} defaultValue=${payment.method} onChange=${(event) => set(event.target.value)} /></div>
      ${ways.length === 1 && html`<p class="note">${t("Money of an HSA or FSA card goes back to that card.")}</p>`}
      <${Field} name="reason" label=${labels.reason} wrong=${bad} maxlength="1000" />
      ${other && (has("medical_director") ? html`<${Field} name="override_reason" label=${labels.override_reason} wrong=${bad} maxlength="1000" />` : html`<p class="note med">${t("Another way than it came takes the medical director, who says why: ask them to enter it.")}</p>`)}`}
  <//>`;
}
