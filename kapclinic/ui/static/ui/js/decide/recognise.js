// What a medicine is that the list does not know: its ingredients. The screening is then weighed anew.
import { call, newKey } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { Field, Refusal, Words, toFault, tooShort } from "../care/parts.js";

export function Recognise({ finding, medicine, screening, onDone, onClose }) {
  const [form, set] = useState({ names: "", why: "" });
  const [tried, tell] = useState(false);
  const [late, fail] = useState(null);
  const weigh = () => call("POST", `screenings/${screening.id}/submit/`, { body: {}, key: newKey() }).then(onDone, fail);
  const write = useWrite(weigh);
  const names = form.names.split(",").map((one) => one.trim()).filter(Boolean);
  function send(event) {
    event.preventDefault();
    tell(true);
    if (!names.length || tooShort(form.why)) return toFault();
    return write.write(`medications/${finding.medication}/map/`, { ingredients: names, reason: form.why.trim() });
  }
  return html`<${Dialog} title=${t("What is this medicine?")} onClose=${onClose}>
    <form noValidate onSubmit=${send}>
      <div class="db">
        <p>“${medicine?.text ?? finding.evidence}”</p>
        ${medicine?.suggestions.length > 0 && html`<div class="row wrap"><span class="small quiet">${t("Spelled nearly so:")}</span>${medicine.suggestions.map((one) => html`<button key=${one.name} type="button" class="b s" onClick=${() => set({ ...form, names: one.ingredients.join(", ") })}>${one.name}</button>`)}</div>`}
        <${Field} id="names" label=${t("Ingredients, with commas between them")} value=${form.names} set=${(value) => set({ ...form, names: value })} wrong=${tried && !names.length ? t("Name at least one.") : ""} />
        <${Words} id="map-why" label=${t("How do you know?")} value=${form.why} set=${(why) => set({ ...form, why })} wrong=${tried && tooShort(form.why) ? t("Say why.") : ""} />
        <p class="small quiet">${t("The screening is weighed anew with it. What you wrote to the other findings stays.")}</p>
        <${Refusal} problem=${write.problem ?? late} />
      </div>
      <div class="df"><button class="b go" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Sending") : t("Write it down")}</button></div>
    </form>
  <//>`;
}
