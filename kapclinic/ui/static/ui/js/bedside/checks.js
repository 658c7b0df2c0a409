// The checks of a session, and letting one go with a reason: a gap is then said, not silent.
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock } from "../core/time.js";
import { useOnce } from "../core/intent.js";
import { put } from "../outbox/outbox.js";
import { checkName, checkWord } from "./words.js";

const STATES = {
  due: () => t("due"),
  late: () => t("late"),
  missed: () => t("missed"),
  done: () => t("taken"),
  not_taken: () => t("not taken"),
};

export function Checks({ checks, zone }) {
  const rows = [...checks].sort((a, b) => Date.parse(a.planned_at) - Date.parse(b.planned_at));
  return html`<div class="scr all" tabindex="0" role="region" aria-label=${t("All checks")}>
    <table class="list">
      <thead><tr><th>${t("Check")}</th><th>${t("Planned")}</th><th>${t("State")}</th><th>${t("Reason")}</th></tr></thead>
      <tbody>
        ${rows.map((row) => html`<tr key=${row.id}>
          <td>${checkName(row)}</td><td>${clock(row.planned_at, zone)}</td><td>${row.reading && row.state !== "done" ? t("taken late") : STATES[row.state]?.() ?? row.state}</td><td>${row.reason}</td>
        </tr>`)}
        ${!rows.length && html`<tr><td colspan="4" class="quiet">${t("No check is planned before the dose.")}</td></tr>`}
      </tbody>
    </table>
  </div>`;
}

const REASONS = () => [t("Asleep, breathing calmly"), t("Client declined"), t("In the toilet"), t("Cuff does not measure")];

/** @param {{check: object | null, session: string, zone: string, onClose: () => void}} props */
export function NotTaken({ check, session, zone, onClose }) {
  const [reason, setReason] = useState("");
  const once = useOnce();
  if (!check) {
    return html`<${Dialog} title=${t("Not taken")} onClose=${onClose}><div class="db"><p>${t("No check is due.")}</p></div><//>`;
  }
  async function save(event) {
    event.preventDefault();
    if (reason.trim().length < 3) return;
    await once(async () => {
      await put({ path: `sessions/${session}/checks/${check.id}/not-taken/`, body: { reason: reason.trim() }, session, what: "not_taken" });
      onClose();
    });
  }
  return html`<${Dialog} title=${t("Not taken: {check}", { check: checkWord(check, zone) })} onClose=${onClose}>
    <form class="touch" onSubmit=${save}>
      <div class="db">
        <div class="row wrap">${REASONS().map((text) => html`<button type="button" key=${text} class="b s" onClick=${() => setReason(text)}>${text}</button>`)}</div>
        <div class="f"><label for="reason">${t("Why was it not taken?")}</label><input id="reason" required minlength="3" autocomplete="off" value=${reason} onInput=${(event) => setReason(event.target.value)} /></div>
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Take it after all")}</button>
        <button class="b go">${t("Not taken")}</button>
      </div>
    </form>
  <//>`;
}
