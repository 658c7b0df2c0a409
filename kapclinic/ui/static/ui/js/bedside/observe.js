// An observation for the session's record.
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { now } from "../core/time.js";
import { useOnce } from "../core/intent.js";
import { put } from "../outbox/outbox.js";

export function Observation({ session, onDone, onClose }) {
  const [text, setText] = useState("");
  const once = useOnce();
  async function save(event) {
    event.preventDefault();
    if (!text.trim()) return;
    const body = { part: "observation", content: { text: text.trim() }, observed_at: new Date(now()).toISOString() };
    await once(async () => {
      await put({ path: `sessions/${session}/record/`, body, session, what: "observation" });
      onDone();
    });
  }
  return html`<${Dialog} title=${t("Observation")} onClose=${onClose}>
    <form class="touch" onSubmit=${save}>
      <div class="db f">
        <label for="seen">${t("What did you see or hear? It goes into the session's record.")}</label>
        <textarea id="seen" required maxlength="4000" value=${text} onInput=${(event) => setText(event.target.value)}></textarea>
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Cancel")}</button>
        <button class="b go">${t("Save observation")}</button>
      </div>
    </form>
  <//>`;
}
