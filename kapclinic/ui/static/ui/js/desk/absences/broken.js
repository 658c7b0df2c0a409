// A session that an absence breaks, and the ways out of it: somebody else, another time, or cancelled with a reason.
import { Icon, html } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { dayIn, clock } from "../../core/time.js";
import { when, whenTo } from "../parts/pane.js";
import { shownName } from "../parts/privacy.js";
import { kindName } from "../words.js";

const HERE = ["checked_in", "in_progress"];

/** What is decided for a session: {way: index | "cancel" | "", reason}. The first way out stands until another is chosen. */
export function decided(decisions, session) {
  return decisions[session.id] ?? { way: session.replacements?.length ? 0 : "", reason: "" };
}

/** Does this session want a decision? A slot that is only held for a dose is held anew by itself. */
export function wants(session) {
  return session.status !== "held";
}

export function isDecided(decision) {
  return decision.way === "cancel" ? decision.reason.trim().length >= 3 : decision.way !== "";
}

/** The row of `moves[]` for a decision. */
export function moveOf(session, decision, override) {
  if (decision.way === "cancel") return { session: session.id, cancel: true, reason: decision.reason.trim() };
  const { starts_at, ends_at, room, staff, modality } = session.replacements[decision.way];
  return { session: session.id, starts_at, ends_at, room, staff, modality, ...(override ? { override_reason: override } : {}) };
}

export function Broken({ session, decision, names, zone, conflicts, decide }) {
  const gone = HERE.includes(session.status);
  return html`<fieldset class="bk k-${session.kind}">
    <legend><i class="kdot"></i> <b>${shownName(session.client_name)}</b> · ${kindName(session.kind)} · ${whenTo(session, zone)}</legend>
    ${!wants(session) && html`<p class="small quiet">${t("Held for an integration that follows a dose: another time is held by itself.")}</p>`}
    ${gone && html`<p class="note med"><${Icon} name="warn" /><span>${t("The client is here already. Find somebody for them first.")}</span></p>`}
    ${wants(session) && html`${session.replacements.map((way, index) => html`<label class="opt" key=${index}>
        <input type="radio" name=${session.id} checked=${decision.way === index} onChange=${() => decide({ ...decision, way: index })} />${sayWay(way, session, names, zone)}</label>`)}
      ${!session.replacements.length && html`<p class="small quiet">${t("Nobody else is free then, and no other time near it is.")}</p>`}
      <label class="opt"><input type="radio" name=${session.id} checked=${decision.way === "cancel"} onChange=${() => decide({ ...decision, way: "cancel" })} />${t("Cancel it")}</label>
      ${decision.way === "cancel" && html`<div class="f"><label for=${`why-${session.id}`}>${t("Why is it cancelled?")}</label>
        <input id=${`why-${session.id}`} autocomplete="off" required minlength="3" value=${decision.reason} onInput=${(event) => decide({ ...decision, reason: event.target.value })} /></div>`}`}
    ${conflicts.map((one, index) => html`<p class="note high" role="alert" key=${index}><${Icon} name="stop" /><span>${t("Taken meanwhile: {when}. Choose another way.", { when: one.starts_at ? when(one.starts_at, zone) : whenTo(session, zone) })}</span></p>`)}
  </fieldset>`;
}

function sayWay(way, session, names, zone) {
  const people = way.staff.map((one) => names.staff.get(one.user)?.name).filter(Boolean).join(", ");
  const room = names.rooms.get(way.room)?.name ?? t("Video");
  const same = way.starts_at === session.starts_at;
  const sameDay = dayIn(way.starts_at, zone) === dayIn(session.starts_at, zone);
  const time = same ? t("Same time") : sameDay ? t("Same day, {time}", { time: clock(way.starts_at, zone) }) : when(way.starts_at, zone);
  return html`<span><b>${time}</b> · ${people} · ${room}</span>`;
}
