// A line that the record alone does not complete: the NDC from the package, or the director's reason.
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";

const UNITS = ["ML", "UN", "ME", "GR", "F2"];

/** @param {{code: string, ndc?: boolean, onDone: (line: object) => void, onClose: () => void}} props `ndc`: it is asked for; else why the line passes */
export function ByHand({ code, ndc, onDone, onClose }) {
  const [form, set] = useState({ units: "1", ndc: "", quantity: "", unit: "ML", why: "" });
  const put = (name) => (event) => set({ ...form, [name]: event.target.value });
  const save = (event) => {
    event.preventDefault();
    const drug = { ndc: form.ndc.replaceAll("-", ""), ndc_quantity: form.quantity.replace(",", "."), ndc_unit: form.unit };
    onDone({ code, units: Number(form.units), ...(ndc ? drug : { override_reason: form.why.trim() }) });
  };
  const field = (name, label, more = {}) => html`<div class="f"><label for=${`hand-${name}`}>${label}</label><input id=${`hand-${name}`} autocomplete="off" required value=${form[name]} onInput=${put(name)} ...${more} /></div>`;
  return html`<${Dialog} title=${t("{code}, by hand", { code })} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        ${field("units", t("Units"), { type: "number", min: 1, max: 999 })}
        ${ndc && html`${field("ndc", t("NDC on the package, 11 digits"), { inputmode: "numeric", pattern: "(\\d-?){10}\\d" })}
          ${field("quantity", t("How much of it was used"), { inputmode: "decimal", pattern: "\\d{1,6}([.,]\\d{1,3})?" })}
          <div class="f"><label for="hand-unit">${t("Unit of that")}</label><select id="hand-unit" value=${form.unit} onChange=${put("unit")}>${UNITS.map((unit) => html`<option key=${unit} value=${unit}>${unit}</option>`)}</select></div>`}
        ${!ndc && field("why", t("Why does it pass all the same? Your name stands with it."), { minlength: 3, maxlength: 1000 })}
        <p class="small quiet">${t("It joins the lines below, and is charged with them.")}</p>
      </div>
      <div class="df"><button type="button" class="b" onClick=${onClose}>${t("Not now")}</button><button class="b go">${t("Add the line")}</button></div>
    </form>
  <//>`;
}
