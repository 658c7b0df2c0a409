// Saying once more who one is, over the page: the request that asked for it goes on then.
import { call, settle } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { SignInForm } from "./form.js";

const send = ({ email, ...body }) => call("POST", "auth/step-up/", { body, quiet: true });

/** @param {{onClose: () => void}} props */
export function StepUp({ onClose }) {
  return html`<${Dialog} title=${t("Is it still you?")} onClose=${onClose}>
    <div class="db fm2">
      <p>${t("Say once more who you are.")}</p>
      <${SignInForm} known send=${send} onEntered=${() => settle(0)} />
    </div>
  <//>`;
}
