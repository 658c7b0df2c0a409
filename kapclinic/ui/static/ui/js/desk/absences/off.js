// A time off that is kept already: it can be cancelled, with a reason. What was moved for it stays where it is.
import { Dialog } from "../../core/dialog.js";
import { Icon, html, useState } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { words } from "../../core/problem.js";
import { useWrite } from "../../core/intent.js";
import { Chosen, when } from "../parts/pane.js";

export function Off({ row, names, zone, onCancel }) {
  const foot = html`<button type="button" class="b" onClick=${onCancel}>${t("They are there after all…")}</button>`;
  return html`<${Chosen} title=${names.staff.get(row.user)?.name ?? "…"} foot=${foot}>
    <dl class="dl">
      <dt>${t("Away from")}</dt><dd>${when(row.starts_at, zone)}</dd>
      <dt>${t("Back on")}</dt><dd>${when(row.ends_at, zone)}</dd>
      ${row.reason && html`<dt>${t("Why?")}</dt><dd>${row.reason}</dd>`}
    </dl>
  <//>`;
}

export function CancelOff({ row, names, onDone, onClose }) {
  const [reason, say] = useState("");
  const saving = useWrite(onDone);
  function save(event) {
    event.preventDefault();
    saving.write(`staff/${row.user}/time-off/${row.id}/cancel/`, { reason: reason.trim() });
  }
  return html`<${Dialog} title=${t("They are there after all")} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        <p><b>${names.staff.get(row.user)?.name}</b></p>
        <p>${t("They can be booked again at these times. What was moved for the absence stays where it is.")}</p>
        <div class="f"><label for="reason">${t("Why?")}</label><input id="reason" required minlength="3" autocomplete="off" value=${reason} onInput=${(event) => say(event.target.value)} /></div>
        ${saving.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(saving.problem)}</span></p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Leave it")}</button>
        <button class="b go" disabled=${saving.busy || undefined}>${saving.busy ? t("Saving…") : t("Cancel the absence")}</button>
      </div>
    </form>
  <//>`;
}
