// A client's plan as its card says it, and a payer that is new to the clinic.
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Field } from "../desk/parts/fields.js";
import { Form, useAll, wrong } from "./parts.js";
import { intents } from "./words.js";

const TIES = () => [["self", t("The client themselves")], ["spouse", t("Their spouse")], ["child", t("A parent of theirs")], ["other", t("Another person")]];

/** @param {{client: string, today: string, onDone: any, onClose: () => void}} props */
export function Card({ client, today, onDone, onClose }) {
  const payers = useAll("payers/", {});
  const [form, set] = useState({ intent: "self_pay", relationship: "self" });
  const insured = form.intent !== "uninsured";
  const other = insured && form.relationship !== "self";
  const labels = { intent: t("What the client does with it"), payer: t("Payer"), member_id: t("Number on the card"), group_number: t("Group number"), relationship: t("Whose plan it is"), "subscriber/name": t("Name of who holds it"), "subscriber/date_of_birth": t("Born on"), subscriber: t("Whose plan it is"), valid_from: t("From"), valid_to: t("Last day") };
  const bodyOf = (given) => {
    const said = (name) => String(given.get(name) ?? "").trim();
    const body = { client, intent: form.intent, valid_from: said("valid_from"), ...(said("valid_to") ? { valid_to: said("valid_to") } : {}) };
    if (!insured) return body;
    if (!said("payer")) throw wrong("payer", t("Choose the payer."));
    const held = other ? { subscriber: { name: said("subscriber/name"), date_of_birth: said("subscriber/date_of_birth") } } : {};
    return { ...body, payer: said("payer"), member_id: said("member_id"), group_number: said("group_number"), relationship: form.relationship, ...held };
  };
  const change = (name) => (event) => set({ ...form, [name]: event.target.value });
  return html`<${Form} title=${t("Add a plan")} verb=${t("Add it")} path="coverages/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<${Field} name="intent" label=${labels.intent} wrong=${bad} options=${intents()} onChange=${change("intent")} />
      ${insured && html`<div class="two"><${Field} name="payer" label=${labels.payer} wrong=${bad} options=${[["", t("Choose")], ...payers.map((row) => [row.id, row.name])]} />
        <${Field} name="member_id" label=${labels.member_id} wrong=${bad} maxlength="40" />
        <${Field} name="group_number" label=${labels.group_number} wrong=${bad} maxlength="40" />
        <${Field} name="relationship" label=${labels.relationship} wrong=${bad} options=${TIES()} onChange=${change("relationship")} />
        ${other && html`<${Field} name="subscriber/name" label=${labels["subscriber/name"]} wrong=${bad} maxlength="160" /><${Field} name="subscriber/date_of_birth" label=${labels["subscriber/date_of_birth"]} wrong=${bad} type="date" />`}</div>`}
      <div class="two"><${Field} name="valid_from" label=${labels.valid_from} wrong=${bad} type="date" defaultValue=${today} /><${Field} name="valid_to" label=${labels.valid_to} wrong=${bad} type="date" /></div>`}
  <//>`;
}

/** @param {{onDone: any, onClose: () => void}} props */
export function Payer({ onDone, onClose }) {
  const labels = { name: t("Name of the payer"), payer_id: t("Its number for claims"), filing_limit_days: t("Days in which it takes a claim") };
  const bodyOf = (form) => {
    const days = form.get("filing_limit_days").trim();
    if (days && !/^\d{1,4}$/.test(days)) throw wrong("filing_limit_days", t("Type whole days, such as 180."));
    return { name: form.get("name").trim(), payer_id: form.get("payer_id").trim(), ...(days ? { filing_limit_days: Number(days) } : {}) };
  };
  return html`<${Form} title=${t("New payer")} verb=${t("Add it")} path="payers/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<${Field} name="name" label=${labels.name} wrong=${bad} autofocus maxlength="120" />
      <div class="two"><${Field} name="payer_id" label=${labels.payer_id} wrong=${bad} maxlength="30" /><${Field} name="filing_limit_days" label=${labels.filing_limit_days} wrong=${bad} inputmode="numeric" /></div>`}
  <//>`;
}
