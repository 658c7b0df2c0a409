// When the care began and ended, where it was not as the session went; and what a note will look like.
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort, instant, now } from "../core/time.js";
import { Words } from "./signed.js";

/** @param {{draft: any, zone: string, onClose: () => void}} props */
export function Times({ draft, zone, onClose }) {
  const day = dayIn(draft.row.session_starts_at, zone);
  const { service_started_at: from, service_ended_at: to } = draft.words;
  const [form, fill] = useState({ from: from ? clock(from, zone) : "", to: to ? clock(to, zone) : "" });
  const [wrong, tell] = useState("");
  const clear = () => set(null, null);
  function set(started, ended) {
    draft.tell({ refusedTimes: null });
    draft.write({ service_started_at: started, service_ended_at: ended });
    onClose();
  }
  function save(event) {
    event.preventDefault();
    const [began, over] = [instant(day, form.from, zone), instant(day, form.to, zone)];
    if (over <= began) return tell(t("The care ends before it begins."));
    if (over > now()) return tell(t("The care ends in the future."));
    return set(new Date(began).toISOString(), new Date(over).toISOString());
  }
  const input = (name, label) => html`<div class="f"><label for=${`care-${name}`}>${label}</label><input id=${`care-${name}`} type="time" required value=${form[name]} onInput=${(event) => fill({ ...form, [name]: event.target.value })} /></div>`;
  return html`<${Dialog} title=${t("Times of care")} onClose=${onClose}>
    <form onSubmit=${save}><div class="db">
      <p class="small quiet">${t("Without a word of yours the signature takes the session's own times, of {day}.", { day: dayShort(day) })}</p>
      <div class="two">${input("from", t("Began"))}${input("to", t("Was over"))}</div>
      ${wrong && html`<p class="note high" role="alert"><${Icon} name="stop" />${wrong}</p>`}
    </div>
    <div class="df"><button type="button" class="b" onClick=${clear}>${t("As the session went")}</button><button class="b go">${t("Keep these times")}</button></div></form>
  <//>`;
}

/** @param {{draft: any, onClose: () => void}} props */
export function Preview({ draft, onClose }) {
  return html`<${Dialog} title=${t("What will be signed")} onClose=${onClose} wide>
    <div class="db secs"><p><b>${draft.row.client_name}</b></p><${Words} note=${draft.words} /></div>
    <div class="df"><button type="button" class="b go" onClick=${onClose}>${t("Back to the note")}</button></div>
  <//>`;
}
