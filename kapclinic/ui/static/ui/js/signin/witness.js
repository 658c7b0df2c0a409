// The second person: they choose themselves and sign with their own password, which is kept nowhere.
import { all, post } from "../core/api.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { me, roleName } from "../core/me.js";
import { words } from "../core/problem.js";
import { possible, showPasskey } from "./passkey.js";

/** @type {any} what their passkey answered, for one sending */
let answered = null;

const CLINICIANS = ["nurse_practitioner", "therapist", "prescriber", "medical_director"];

/** Who may be a witness here: of the location's roles (any clinician where it names none), and never oneself. */
export function useWitnesses(place) {
  const named = place.witness_roles.length ? place.witness_roles : CLINICIANS;
  const [rows, set] = useState([]);
  useEffect(() => {
    let over = false;
    all("staff/", { location: place.id, is_active: "true" })
      .then((found) => !over && set(found.filter((one) => one.id !== me.get().id && one.roles.some((role) => named.includes(role)))))
      .catch(() => {});
    return () => {
      over = true;
    };
  }, [place.id]);
  return rows;
}

/** The witness as a body has them; the code stands there once it was asked for. */
export function signed(user, password) {
  const code = /** @type {HTMLInputElement | null} */ (document.getElementById("witness-otp"));
  const shown = answered?.user === user ? answered.shown : {};
  answered = null;
  return { user, password, ...(code?.value ? { otp: code.value } : shown) };
}

/** Their passkey: on a key or a telephone that they carry. */
function Passkey({ user }) {
  const [said, say] = useState("");
  async function ask() {
    try {
      const asked = await post("witnesses/passkey/", { user });
      answered = { user, shown: { challenge: asked.challenge, credential: await showPasskey(asked.passkey) } };
      say(t("Answered. Type the password again, and send."));
    } catch (problem) {
      say(problem instanceof Error && !(problem instanceof DOMException) ? words(problem) : t("No passkey was shown. Try once more, or type a code."));
    }
  }
  return html`<div class="f"><button type="button" class="b s" onClick=${ask}>${t("Use their passkey")}</button>${said && html`<span class="small" role="status">${said}</span>`}</div>`;
}

/** @param {{place: object, chosen: string, onChoose: (id: string) => void, field: object, wrong?: string}} props `field`: a ref of the input */
export function Witness({ place, chosen, onChoose, field, wrong }) {
  const rows = useWitnesses(place);
  const name = rows.find((one) => one.id === chosen)?.name;
  return html`<div class="f">
      <label for="witness">${t("Witness")}</label>
      <select id="witness" value=${chosen} onChange=${(event) => onChoose(event.target.value)}>
        <option value="">${t("Choose")}</option>
        ${rows.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}, ${one.roles.map(roleName).join(", ")}</option>`)}
      </select>
    </div>
    ${name && html`<div class=${wrong ? "f bad" : "f"}>
      <label for="witness-password">${t("Password of {name}", { name })}</label>
      <input id="witness-password" ref=${field} type="password" autocomplete="off" aria-describedby=${wrong ? "witness-wrong" : undefined} />
      ${wrong && html`<span class="err" id="witness-wrong" role="alert">${wrong}</span>`}
    </div>`}
    ${name && wrong && html`<div class="f">
      <label for="witness-otp">${t("Code of your app, or a recovery code")}</label>
      <input id="witness-otp" autocomplete="off" spellcheck="false" />
    </div>`}
    ${name && wrong && possible() && html`<${Passkey} key=${chosen} user=${chosen} />`}`;
}
