// Another time off, and one that is taken back.
import { html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { addDays, dayIn, instant, now } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { when } from "../desk/parts/pane.js";
import { Form, text, wrong as refused } from "./form.js";

/** @param {{row: any, zone: string, onDone: () => void, onClose: () => void}} props */
export function AwayForm({ row, zone, onDone, onClose }) {
  const tomorrow = addDays(dayIn(now(), zone), 1);
  const labels = { starts_at: t("Away from"), ends_at: t("Back on"), reason: t("Why? The team sees it") };
  const bodyOf = (form) => {
    const moment = (name) => {
      const [day, time] = [text(form, name), text(form, `${name}_time`) || "00:00"];
      if (!day) throw refused(name, t("Choose a day."));
      return new Date(instant(day, time, zone)).toISOString();
    };
    return { starts_at: moment("starts_at"), ends_at: moment("ends_at"), reason: text(form, "reason") };
  };
  const refusal = (problem) => {
    if (problem?.code !== "unresolved_sessions") return "";
    const n = (problem.extra.unresolved?.length ?? 0) + (problem.extra.elsewhere ?? 0);
    return many(n, "{n} session is booked with them then. The front desk marks them as away, and moves it with that.", "{n} sessions are booked with them then. The front desk marks them as away, and moves these with that.");
  };
  return html`<${Form} title=${t("{name} will be away", { name: row.name })} verb=${t("Write it in")} path=${`staff/${row.id}/time-off/`} labels=${labels} bodyOf=${bodyOf} refusal=${refusal} onDone=${onDone} onClose=${onClose}>
    ${(wrong) => html`<div class="two">
        <${Field} name="starts_at" label=${labels.starts_at} wrong=${wrong} type="date" defaultValue=${tomorrow} autofocus /><${Field} name="starts_at_time" label=${t("at")} type="time" defaultValue="00:00" />
        <${Field} name="ends_at" label=${labels.ends_at} wrong=${wrong} type="date" defaultValue=${addDays(tomorrow, 1)} /><${Field} name="ends_at_time" label=${t("at")} type="time" defaultValue="00:00" />
      </div>
      <${Field} name="reason" label=${labels.reason} wrong=${wrong} maxlength="200" />`}
  <//>`;
}

/** @param {{row: any, off: any, zone: string, onDone: () => void, onClose: () => void}} props */
export function BackForm({ row, off, zone, onDone, onClose }) {
  const labels = { reason: t("Why?") };
  return html`<${Form} title=${t("They are there after all")} verb=${t("Take the time off back")} path=${`staff/${row.id}/time-off/${off.id}/cancel/`} labels=${labels} bodyOf=${(form) => ({ reason: text(form, "reason") })} onDone=${onDone} onClose=${onClose}>
    ${(wrong) => html`<p><b>${row.name}</b> · ${when(off.starts_at, zone)} – ${when(off.ends_at, zone)}</p>
      <p>${t("They can be booked again at these times. What was moved for the absence stays where it is.")}</p>
      <${Field} name="reason" label=${labels.reason} wrong=${wrong} maxlength="1000" autofocus />`}
  <//>`;
}
