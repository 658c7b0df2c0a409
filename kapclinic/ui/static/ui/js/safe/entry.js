// What happened to a lot outside a dose: wasted, sent on, returned, lost, or the books were wrong.
import { all } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { parse, wire } from "../core/milligrams.js";
import { signed, Witness } from "../signin/witness.js";
import { Field, Refusal, useWrite } from "./form.js";
import { number } from "./words.js";

const KINDS = () => [
  ["waste", t("Wasted, with a second person")],
  ["return", t("Returned to the supplier")],
  ["transfer", t("Sent to another place")],
  ["loss", t("Lost or stolen")],
  ["correct", t("Books corrected")],
];
const VOID = () => ["void", t("The lot was entered in error")];
const SAYS = {
  loss: () => t("This opens a case with its clocks: the DEA within one business day, Form 106 within 45 days. The medical director answers for it."),
  correct: () => t("What takes drug away opens a case; so does adding more than this clinic's limit. The medical director answers for it."),
  return: () => t("Without a second person the medical director looks at it."),
  transfer: () => t("To another place of this practice the line appears in its books as well. Without a place it leaves for somebody else: name them in the reason."),
};
const MUST = ["waste", "void"]; // with a second person, always

function usePlaces(here) {
  const [rows, set] = useState([]);
  useEffect(() => void all("locations/").then((found) => set(found.filter((one) => one.id !== here.id)), () => {}), [here.id]);
  return rows;
}

function bodyOf(form, lot, secret) {
  const witness = form.witness ? { witness: signed(form.witness, secret.current.value) } : {};
  if (form.kind === "void") return { reason: form.reason.trim(), ...witness };
  const minus = form.kind === "correct" && form.sign === "-" ? "-" : "";
  const to = form.kind === "transfer" && form.to ? { to_location: form.to } : {};
  return { lot: lot.id, kind: form.kind, amount_mg: minus + wire(parse(form.amount)), reason: form.reason.trim(), ...to, ...witness };
}

function stopOf(form) {
  if (form.kind !== "void" && !parse(form.amount)) return t("Say how many mg.");
  if (form.reason.trim().length < 3) return t("Say what happened.");
  return MUST.includes(form.kind) && !form.witness ? t("Choose who saw it.") : "";
}

/** @param {{lot: object, untouched: boolean, place: object, onDone: () => void, onClose: () => void}} props */
export function Entry({ lot, untouched, place, onDone, onClose }) {
  const [form, set] = useState({ kind: "waste", amount: "", sign: "-", reason: "", to: "", witness: "" });
  const write = useWrite(form, onDone);
  const secret = useRef(null);
  const places = usePlaces(place);
  const change = (values) => (set({ ...form, ...values }), write.clear());
  const stops = stopOf(form);
  const save = (event) => {
    event.preventDefault();
    if (stops) return;
    const path = form.kind === "void" ? `drug-lots/${lot.id}/void/` : "drug-entries/";
    write.send(path, bodyOf(form, lot, secret)).finally(() => secret.current && (secret.current.value = ""));
  };
  const kinds = untouched ? [...KINDS(), VOID()] : KINDS();
  return html`<${Dialog} title=${t("Enter what happened to lot {number}", { number: lot.lot_number })} onClose=${onClose}>
    <form class="touch" onSubmit=${save}>
      <div class="db">
        <${Field} id="kind" label=${t("What happened?")} value=${form.kind} set=${(kind) => change({ kind })}>${kinds.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}<//>
        ${SAYS[form.kind] && html`<p class="note"><${Icon} name="info" />${SAYS[form.kind]()}</p>`}
        ${form.kind === "correct" && html`<div class="seg" role="radiogroup" aria-label=${t("Which way")}>${[["-", t("The safe holds less")], ["+", t("The safe holds more")]].map(([value, label]) => html`<button type="button" key=${value} role="radio" aria-checked=${form.sign === value} onClick=${() => change({ sign: value })}>${label}</button>`)}</div>`}
        ${form.kind !== "void" && html`<${Field} id="amount" label=${t("How many mg?")} inputmode="decimal" value=${form.amount} wrong=${write.errors.amount_mg} hint=${t("The books say {mg} mg.", { mg: number(lot.balance_mg) })} set=${(amount) => change({ amount })} />`}
        ${form.kind === "transfer" && html`<${Field} id="to" label=${t("To which place?")} value=${form.to} wrong=${write.errors.to_location} set=${(to) => change({ to })}><option value="">${t("somebody outside this practice")}</option>${places.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}<//>`}
        <${Field} id="reason" label=${t("What was it, and why?")} maxlength="1000" value=${form.reason} wrong=${write.errors.reason} set=${(reason) => change({ reason })} />
        <${Witness} place=${place} chosen=${form.witness} onChoose=${(witness) => change({ witness })} field=${secret} wrong=${write.errors.witness ?? write.errors["witness/password"]} />
        <${Refusal} write=${write} />
      </div>
      <div class="df"><span class="small quiet grow" id="entry-stops">${stops}</span>
        <button type="button" class="b" onClick=${onClose}>${t("Cancel")}</button>
        <button class="b go" aria-disabled=${stops ? "true" : undefined} aria-describedby="entry-stops">${write.busy ? t("Saving…") : t("Put it into the books")}</button></div>
    </form>
  <//>`;
}
