// A medical director gives an administrator a clinical role, which they may not take for themselves.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { roleName } from "../core/me.js";
import { Form, Ticks } from "./form.js";
import { CLINICAL } from "./words.js";

/** @param {{row: any, onDone: (answer: any) => void, onClose: () => void}} props */
export function GiveForm({ row, onDone, onClose }) {
  const labels = { roles: t("Clinical roles") };
  const options = CLINICAL.filter((role) => !row.roles.includes(role)).map((role) => [role, roleName(role)]);
  return html`<${Form} title=${t("A clinical role for {name}", { name: row.name })} verb=${t("Give the role")} path=${`staff/${row.id}/clinical-roles/`} labels=${labels} bodyOf=${(form) => ({ roles: form.getAll("roles") })} onDone=${onDone} onClose=${onClose}>
    ${(wrong) => html`<p>${t("They run the accounts, and may not give themselves a role in which they treat clients: you do, or nobody does.")}</p>
      <${Ticks} name="roles" label=${labels.roles} options=${options} chosen=${[]} wrong=${wrong} />`}
  <//>`;
}
