// Setting one up: the password first, then the app's picture or the browser's own window.
import { call } from "../core/api.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Problem, words } from "../core/problem.js";
import { makePasskey } from "../signin/passkey.js";

const OWN = "auth/second-factors/";

/** @param {{kind: string, onMade: (codes: string[]) => void, onBack: () => void}} props */
export function Enrol({ kind, onMade, onBack }) {
  const [begun, set] = useState(null);
  const [problem, refuse] = useState(null);
  const [busy, work] = useState(false);
  const summary = useRef(null);
  useEffect(() => problem && summary.current?.focus(), [problem]);

  async function run(act) {
    work(true);
    try {
      await act();
    } catch (found) {
      refuse(found instanceof Problem ? found : new Problem({ status: 0, code: "no_passkey", title: t("No passkey was made. Try once more.") }));
    } finally {
      work(false);
    }
  }

  const begin = async ({ password, name }) => {
    const { data } = await call("POST", `${OWN}${kind}/`, { body: { password } });
    refuse(null);
    if (kind === "totp") return set(data);
    const credential = await makePasskey(data.options);
    return confirm(data.id, { credential, name });
  };
  const confirm = async (id, body) => onMade((await call("POST", `${OWN}${kind}/${id}/confirm/`, { body })).data.recovery_codes);

  function submit(event) {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    run(() => (begun ? confirm(begun.id, { otp: form.otp }) : begin(/** @type {any} */ (form))));
  }

  return html`<form onSubmit=${submit} noValidate>
    <h2>${kind === "totp" ? t("Authenticator app") : t("Passkey")}</h2>
    ${problem && html`<div class="errors" role="alert" tabindex="-1" ref=${summary}>
      <h2><${Icon} name="stop" /> ${t("That did not work")}</h2>
      <p class="small"><a href=${begun ? "#code" : "#password"}>${words(problem)}</a></p>
    </div>`}
    ${begun ? html`<${Picture} begun=${begun} />` : html`<${Asked} kind=${kind} />`}
    <button class="b go xl" disabled=${busy}>${begun ? t("This code is right") : t("Go on")}</button>
    <button type="button" class="b bare" onClick=${onBack}>${t("Cancel")}</button>
  </form>`;
}

function Asked({ kind }) {
  return html`<p class="small">${kind === "totp" ? t("You need an app on your telephone that shows codes of six digits.") : t("A passkey lives in this device, in your telephone or in a key that you plug in.")}</p>
    ${kind === "passkey" && html`<div class="f"><label for="name">${t("What do you call it?")}</label><input id="name" name="name" maxlength="80" /></div>`}
    <div class="f"><label for="password">${t("Password")}</label><input id="password" name="password" type="password" autocomplete="current-password" required /></div>`;
}

function Picture({ begun }) {
  return html`<p class="small">${t("Take this picture with the app, or type the letters into it. Then type the code that it shows.")}</p>
    <img class="qr" src=${begun.picture} alt=${t("Picture for the authenticator app")} width="220" height="220" />
    <p class="small"><a href=${begun.otpauth_uri}>${t("Open the app on this device")}</a></p>
    <p class="key">${begun.secret.match(/.{1,4}/g).join(" ")}</p>
    <div class="f"><label for="code">${t("Code of six digits")}</label><input id="code" name="otp" class="otp" inputmode="numeric" autocomplete="one-time-code" required /></div>`;
}
