// The list of keys, and the switch that turns the single letters off.
import { Dialog } from "../core/dialog.js";
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";
import { keysOn, turnKeys } from "../core/keys.js";
import { useStore } from "../core/store.js";

export function Keys({ more, onClose }) {
  const on = useStore(keysOn);
  const finds = has("front_desk", "nurse_practitioner", "therapist", "prescriber", "billing", "medical_director");
  const rows = [...(finds ? [["/", t("Find a client")]] : []), ["?", t("This list")], ...(has("front_desk", "medical_director") ? [["g d", t("Day")]] : []), ...(has("nurse_practitioner", "therapist", "prescriber", "medical_director") ? [["g w", t("Ward")], ["g n", t("Notes")]] : []), ...(has("billing", "medical_director") ? [["g b", t("Billing")]] : []), ...(has("prescriber", "medical_director") ? [["g p", t("Decide")]] : []), ...(has("front_desk", "nurse_practitioner", "therapist", "prescriber", "medical_director") ? [["g i", t("Intake")]] : []), ...(has("admin", "medical_director") ? [["g a", t("People")]] : []), ["Esc", t("Close")], ...more];
  return html`<${Dialog} title=${t("Keys")} onClose=${onClose}>
    <div class="db">
      <dl class="keys">${rows.map(([key, words]) => html`<dt><kbd>${key}</kbd></dt><dd>${words}</dd>`)}</dl>
      <label class="opt">
        <input type="checkbox" checked=${on} onChange=${(event) => turnKeys(event.target.checked)} />
        ${t("Single letters are keys while no field has focus")}
      </label>
    </div>
  <//>`;
}
