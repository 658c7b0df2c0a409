// The rules of a location, each said as what it does.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { roleName } from "../core/me.js";
import { Field } from "../desk/parts/fields.js";
import { Form, text, Tick, Ticks, wholeIn } from "./form.js";
import { CLINICAL, fieldName, ROLES } from "./words.js";

/** @param {{row: any, onDone: (answer: any) => void, onClose: () => void}} props */
export function RulesForm({ row, onDone, onClose }) {
  const names = ["late_cancel_hours", "override_roles", "witness_roles", "correction_limit_mg"];
  const labels = Object.fromEntries(names.map((name) => [name, fieldName(name)]));
  const bodyOf = (form) => ({
    late_cancel_hours: wholeIn(form, "late_cancel_hours"),
    correction_limit_mg: text(form, "correction_limit_mg"),
    override_roles: form.getAll("override_roles"),
    witness_roles: form.getAll("witness_roles"),
    counts_required: form.has("counts_required"),
    desk_takes_payments: form.has("desk_takes_payments"),
  });
  const options = (roles) => roles.map((role) => [role, roleName(role)]);
  return html`<${Form} title=${t("Rules of {name}", { name: row.name })} verb=${t("Save the rules")} path=${`locations/${row.id}/`} method="PATCH" row=${row} labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose} wide>
    ${(wrong) => html`<div class="two">
        <${Field} name="late_cancel_hours" label=${labels.late_cancel_hours} wrong=${wrong} defaultValue=${row.late_cancel_hours} inputmode="numeric" maxlength="3" hint=${t("From then on a fee may be charged for it")} autofocus />
        <${Field} name="correction_limit_mg" label=${labels.correction_limit_mg} wrong=${wrong} defaultValue=${row.correction_limit_mg} inputmode="decimal" maxlength="12" hint=${t("What was written wrongly and is put right by more than this is looked into")} />
      </div>
      <${Ticks} name="override_roles" label=${labels.override_roles} options=${options(ROLES)} chosen=${row.override_roles} wrong=${wrong} hint=${t("None ticked: nobody")} />
      <${Ticks} name="witness_roles" label=${labels.witness_roles} options=${options(CLINICAL)} chosen=${row.witness_roles} wrong=${wrong} hint=${t("None ticked: any clinician")} />
      <${Tick} name="counts_required" label=${fieldName("counts_required")} on=${row.counts_required} />
      <${Tick} name="desk_takes_payments" label=${t("The front desk takes payments, and reads what a client owes")} on=${row.desk_takes_payments} />`}
  <//>`;
}
