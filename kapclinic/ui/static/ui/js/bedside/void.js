// Taking a reading back: it stays in the record, and its reason with it.
import { post } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { clock } from "../core/time.js";

export function Void({ row, zone, onDone, onClose }) {
  const [reason, setReason] = useState("");
  const [state, setState] = useState({ busy: false, problem: null });
  async function save(event) {
    event.preventDefault();
    setState({ busy: true, problem: null });
    try {
      await post(`sessions/${row.session}/readings/${row.id}/void/`, { reason: reason.trim() });
      onDone();
    } catch (problem) {
      setState({ busy: false, problem });
    }
  }
  return html`<${Dialog} title=${t("Take back the reading of {time}", { time: clock(row.at, zone) })} onClose=${onClose}>
    <form class="touch" onSubmit=${save}>
      <div class="db">
        <p>${t("It stays in the record, struck through, with your reason. The right one is written as a new reading.")}</p>
        <div class="f"><label for="void">${t("Why?")}</label><input id="void" required minlength="3" autocomplete="off" value=${reason} onInput=${(event) => setReason(event.target.value)} /></div>
        ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Keep it")}</button>
        <button class="b go" disabled=${state.busy || undefined}>${state.busy ? t("Saving…") : t("Take it back")}</button>
      </div>
    </form>
  <//>`;
}
