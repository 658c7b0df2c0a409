// Asking for what takes two people: somebody lost all that they prove themselves with, or can't open their own private notes.
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Field } from "../desk/parts/fields.js";
import { Form } from "./form.js";

const MOST = 1000;

/** @param {{row: any, onDone: (answer: any) => void, onClose: () => void}} props */
export function ResetForm({ row, onDone, onClose }) {
  return html`<${Asking} row=${row} title=${t("Reset the second factor of {name}", { name: row.name })} path="second-factor-resets/" onDone=${onDone} onClose=${onClose}>
    <p>${t("For somebody who lost app, passkeys and recovery codes. Nothing happens until another person approves; one of you is an administrator.")}</p>
    <p class="small quiet">${t("Be sure that it is they who ask: speak to them in person, or call a number that you know.")}</p>
  <//>`;
}

/** @param {{row: any, onDone: (answer: any) => void, onClose: () => void}} props */
export function OpeningForm({ row, onDone, onClose }) {
  return html`<${Asking} row=${row} title=${t("Open the private notes of {name}", { name: row.name })} path="private-note-openings/" onDone=${onDone} onClose=${onClose}>
    <p>${t("A reset sealed them, and the author has nothing left that opens them. An administrator and a medical director open them together; the author alone reads them.")}</p>
    <p class="small quiet">${t("The author is told by e-mail now, and again when it is done.")}</p>
  <//>`;
}

function Asking({ row, title, path, onDone, onClose, children }) {
  const [reason, why] = useState("");
  const labels = { reason: t("Why (whoever approves reads it)") };
  return html`<${Form} title=${title} verb=${t("Ask for it")} path=${path} labels=${labels} bodyOf=${() => ({ user: row.id, reason })} onDone=${onDone} onClose=${onClose}>
    ${(wrong) => html`${children}<${Field} name="reason" label=${labels.reason} wrong=${wrong} maxlength=${MOST} autofocus value=${reason} onInput=${(event) => why(event.target.value)} />`}
  <//>`;
}
