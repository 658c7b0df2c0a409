// The client came and no dose is given: with the reason, and nothing is owed.
import { call, newKey } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useMemo, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";

export function NotDosed({ session, onDone, onClose }) {
  const [reason, setReason] = useState("");
  const [state, set] = useState({ busy: false, problem: null });
  const key = useMemo(newKey, []);
  async function save(event) {
    event.preventDefault();
    set({ busy: true, problem: null });
    try {
      await call("POST", `sessions/${session.id}/not-dosed/`, { body: { reason: reason.trim() }, key });
      onDone();
    } catch (problem) {
      set({ busy: false, problem });
    }
  }
  return html`<${Dialog} title=${t("No dose today")} onClose=${onClose}>
    <form class="touch" onSubmit=${save}>
      <div class="db">
        <p><b>${session.client_name}</b></p>
        <p>${t("The session ends without a dose, and no integration is owed for it.")}</p>
        <div class="f"><label for="why">${t("Why?")}</label><input id="why" required minlength="3" autocomplete="off" value=${reason} onInput=${(event) => setReason(event.target.value)} /></div>
        ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Cancel")}</button>
        <button class="b go" disabled=${state.busy || undefined}>${state.busy ? t("Saving…") : t("End without a dose")}</button>
      </div>
    </form>
  <//>`;
}
