// The second step: a passkey, or a code of an app or of the printed ones.
import { html, useEffect, useRef } from "../core/h.js";
import { t } from "../core/i18n.js";
import { possible, showPasskey } from "./passkey.js";

/** @param {{asked: object, busy: boolean, onShown: (what: object) => void, onLost: () => void, onBack: () => void}} props `asked`: `{methods, passkey}` of the refusal */
export function SecondStep({ asked, busy, onShown, onLost, onBack }) {
  const code = useRef(null);
  const keyed = asked.passkey && possible();
  const coded = asked.methods?.some((way) => way !== "passkey");
  useEffect(() => code.current?.focus(), []);
  const tap = () => showPasskey(asked.passkey).then((credential) => onShown({ credential }), onLost);
  return html`${keyed && html`<button type="button" class=${coded ? "b xl" : "b go xl"} disabled=${busy} onClick=${tap}>${t("Use a passkey")}</button>`}
    ${coded && html`<div class="f">
        <label for="otp">${t("Code of your app, or a recovery code")}</label>
        <input id="otp" name="otp" class="otp" ref=${code} autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" required />
      </div>
      <button class="b go xl" disabled=${busy}>${busy ? t("Signing in…") : t("Go on")}</button>`}
    <button type="button" class="b bare" onClick=${onBack}>${t("Cancel")}</button>`;
}
