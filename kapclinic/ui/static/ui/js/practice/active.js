// Closing an account or a room, and opening it again.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Form } from "./form.js";
import { rolesOf } from "./words.js";

/** @param {{row: any, onDone: (answer: any) => void, onClose: () => void}} props */
export function ActivePerson({ row, onDone, onClose }) {
  const closes = row.is_active;
  return html`<${Form} title=${closes ? t("Close the account of {name}", { name: row.name }) : t("Open the account of {name} again", { name: row.name })} verb=${closes ? t("Close the account") : t("Open it again")} path=${`staff/${row.id}/`} method="PATCH" row=${row} labels=${{}}
    bodyOf=${() => ({ is_active: !closes })} onDone=${onDone} onClose=${onClose}>
    ${() => html`<p>${rolesOf(row)}</p><p>${closes ? t("They are signed out everywhere at once. Sessions that are booked with them stand on the front desk's list. All that they wrote stays under their name.") : t("They can sign in again with the password that they had. Give them a new one if they may have lost it.")}</p>`}
  <//>`;
}

/** @param {{row: any, zone: string, onDone: (answer: any) => void, onClose: () => void}} props */
export function ActiveRoom({ row, zone, onDone, onClose }) {
  const closes = row.is_active;
  return html`<${Form} title=${closes ? t("Close {name}", { name: row.name }) : t("Open {name} again", { name: row.name })} verb=${closes ? t("Close the room") : t("Open it again")} path=${`rooms/${row.id}/`} method="PATCH" row=${row} labels=${{}} zone=${zone}
    bodyOf=${() => ({ is_active: !closes })} onDone=${onDone} onClose=${onClose}>
    ${() => html`<p>${closes ? t("Nobody is booked there from now on.") : t("It can be booked again.")}</p>`}
  <//>`;
}
