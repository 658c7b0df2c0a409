// A time that cannot be had: who or what is taken and until when, and the nearest times that fit.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { sentence, words } from "../core/problem.js";
import { clock, dayIn, dayShort } from "../core/time.js";

/** "Thea Listener: 13:45–14:45 is taken", once for each that stands in the way. */
function clashes(conflicts, names, zone) {
  const said = conflicts.map((one) => {
    const who = names?.staff.get(one.resource)?.name ?? names?.rooms.get(one.resource)?.name ?? t("The client");
    const span = `${clock(one.starts_at, zone)}–${clock(one.ends_at, zone)}`;
    if (!one.held_until) return t("{who} is taken {span}.", { who, span });
    return t("{who} is held {span} for another booking until {until}.", { who, span, until: clock(one.held_until, zone) });
  });
  return [...new Set(said)];
}

/** @param {{problem?: object, refusal?: object, names?: object, zone: string, onPick: (at: string, slot: object) => void}} props a refusal that was thrown, or one that a preview tells */
export function Refused({ problem, refusal, names, zone, onPick }) {
  const { conflicts = [], nearest = [] } = refusal ?? problem.extra ?? {};
  const told = clashes(conflicts, names, zone);
  const line = told.length ? told.join(" ") : refusal ? (refusal.detail ? sentence(refusal) : t("This does not fit.")) : words(problem);
  return html`<div class="note high" role=${refusal ? "status" : "alert"}>
    <${Icon} name="stop" />
    <span>${line}
      ${nearest?.length > 0 && html`<span class="row wrap"> ${t("Nearest that fit:")}
        ${nearest.map((one) => html`<button type="button" class="b s" key=${one.starts_at} onClick=${() => onPick(one.starts_at, one)}>${dayShort(dayIn(one.starts_at, zone))} ${clock(one.starts_at, zone)}</button>`)}</span>`}
    </span>
  </div>`;
}
