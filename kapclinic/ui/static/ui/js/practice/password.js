// A first or a new password for somebody else: made up here, and told in person.
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Field } from "../desk/parts/fields.js";
import { Form } from "./form.js";

const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"; // none that is read as another one

/** Four groups of five letters: about 99 bits, easy to read out. */
function made() {
  const drawn = [];
  while (drawn.length < 20) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < 248) drawn.push(LETTERS[byte % LETTERS.length]); // 248 = 8 × 31: each is as likely as any other
  }
  return [0, 5, 10, 15].map((at) => drawn.slice(at, at + 5).join("")).join("-");
}

export function PasswordForm({ row, onDone, onClose }) {
  const [word, set] = useState("");
  const [reason, why] = useState("");
  const [seen, show] = useState(false);
  const labels = { password: t("New password, 12 characters or more"), reason: t("Why (stands in the audit log)") };
  return html`<${Form} title=${t("New password for {name}", { name: row.name })} verb=${t("Set this password")} path=${`staff/${row.id}/`} method="PATCH" row=${row} labels=${labels}
    bodyOf=${() => ({ password: word, reason })} onDone=${onDone} onClose=${onClose}>
    ${(wrong) => html`<p>${t("Whatever they are signed in at ends at once. Tell them the password in person, or by a phone number that you know: never by e-mail.")}</p>
      <${Field} name="password" label=${labels.password} wrong=${wrong} type=${seen ? "text" : "password"} autocomplete="new-password" maxlength="200" autofocus value=${word} onInput=${(event) => set(event.target.value)} />
      <div class="row wrap"><button type="button" class="b s" onClick=${() => (set(made()), show(true))}>${t("Make one up")}</button>
        <label class="opt"><input type="checkbox" checked=${seen} onChange=${(event) => show(event.target.checked)} />${t("Show it")}</label></div>
      <${Field} name="reason" label=${labels.reason} wrong=${wrong} maxlength="1000" value=${reason} onInput=${(event) => why(event.target.value)} />
      <p class="small quiet">${t("They choose their own when they next sign in, before anything else, and are told by e-mail that their password was set anew.")}</p>`}
  <//>`;
}
