// Answering an alarm: what was done is asked, and is what the record keeps.
import { post } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";

const DONE = () => [t("Measured again"), t("Sat up, cuff moved to the other arm"), t("Prescriber called"), t("Staying with the client")];

/** @param {{alarm: object, said: {title: string, detail: string, did?: string, voided?: boolean}, onDone: () => void, onClose: () => void}} props */
export function Acknowledge({ alarm, said, onDone, onClose }) {
  const [action, setAction] = useState(said.did ?? ""); // asked when the reading was saved: nobody types it twice
  const [state, setState] = useState({ busy: false, problem: null });
  async function save(event) {
    event.preventDefault();
    if (!action.trim()) return;
    setState({ busy: true, problem: null });
    try {
      await post(`alarms/${alarm.id}/acknowledge/`, { action: action.trim() });
      onDone();
    } catch (problem) {
      setState({ busy: false, problem });
    }
  }
  return html`<${Dialog} title=${said.title} onClose=${onClose}>
    <form class="touch" onSubmit=${save}>
      <div class="db">
        <p>${said.detail}</p>
        <div class="row wrap">
          ${[...(said.voided ? [t("The reading was wrong, and was taken back")] : []), ...DONE()].map((text) => html`<button type="button" key=${text} class="b s" onClick=${() => setAction(text)}>${text}</button>`)}
        </div>
        <div class="f">
          <label for="action">${t("What did you do?")}</label>
          <textarea id="action" required value=${action} onInput=${(event) => setAction(event.target.value)}></textarea>
        </div>
        ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not yet")}</button>
        <button class="b go" disabled=${state.busy || undefined}>${state.busy ? t("Saving…") : t("Acknowledge")}</button>
      </div>
    </form>
  <//>`;
}
