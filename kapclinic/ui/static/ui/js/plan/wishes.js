// What suits the client: from when, which days, which hours, how; and what the proposal comes to.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { byField, words } from "../core/problem.js";
import { addDays, dayShort } from "../core/time.js";
import { DAYS } from "./known.js";

const HALVES = Array.from({ length: 48 }, (_, i) => `${String(Math.floor(i / 2)).padStart(2, "0")}:${i % 2 ? "30" : "00"}`);
const MONDAY = "2024-01-01"; // any Monday: only its name is shown

const UNMET = {
  integration_not_preferred: () => t("Some integrations are not on the days and hours that the client prefers: none is free there."),
  course_not_preferred: () => t("No course fits the days and hours that the client prefers: this one does without them."),
};

/** @param {{wish: object, change: (values: object) => void, plan: object, course: object, today: string, booked: object[], names: object, onPropose: () => void}} props */
export function Wishes({ wish, change, plan, course, today, booked, names, onPropose }) {
  const errors = plan.problem?.status === 400 ? byField(plan.problem) : {};
  const submit = (event) => (event.preventDefault(), onPropose());
  return html`<form class="wish" onSubmit=${submit} aria-label=${t("What suits the client")}>
    <h2>${t("Plan")}</h2>
    <div class=${errors.from ? "f bad" : "f"}>
      <label for="from">${t("Start not before")}</label>
      <input id="from" type="date" min=${today} value=${wish.from} onInput=${(event) => change({ from: event.target.value })} />
      ${errors.from && html`<span class="err">${errors.from}</span>`}
    </div>
    <${Days} wish=${wish} change=${change} error=${errors.days} />
    <${Hours} wish=${wish} change=${change} error=${errors.hours} />
    <div class="f"><span class="label" id="by">${t("Preparation and integration")}</span>
      <div class="seg" role="group" aria-labelledby="by">
        ${[["", t("As agreed")], ["video", t("Video")], ["in_person", t("In person")]].map(([value, label]) => html`<button type="button" key=${value} aria-pressed=${wish.modality === value} onClick=${() => change({ modality: value })}>${label}</button>`)}
      </div>
    </div>
    <button class="b" disabled=${plan.asking || undefined}>${plan.asking ? t("Looking…") : t("Propose again")} <kbd>p</kbd></button>
    ${plan.changed.size > 0 && html`<p class="small quiet">${t("What you moved by hand is then proposed anew.")}</p>`}
    <hr />
    <${Sum} plan=${plan} course=${course} booked=${booked} names=${names} />
    ${plan.problem && !Object.keys(errors).length && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(plan.problem)}</span></p>`}
    ${plan.unmet.map((one, i) => html`<p class="note med" key=${i}><${Icon} name="warn" /><span>${UNMET[one.code]?.() ?? one.detail}</span></p>`)}
    ${plan.rows?.length > 0 && !plan.booking.problem && html`<p class="small faint">${t("Nothing of the proposal is booked yet. Booking takes all or none.")}</p>`}
  </form>`;
}

function Days({ wish, change, error }) {
  const turn = (day) => change({ days: wish.days.includes(day) ? wish.days.filter((one) => one !== day) : [...wish.days, day].sort() });
  return html`<div class=${error ? "f bad" : "f"}><span class="label" id="days">${t("Days that suit")}</span>
    <div class="dows" role="group" aria-labelledby="days">
      ${DAYS.map((day) => {
        const name = dayShort(addDays(MONDAY, day)).split(" ")[0];
        return html`<button type="button" key=${day} aria-pressed=${wish.days.includes(day)} aria-label=${name} onClick=${() => turn(day)}>${name.slice(0, 2)}</button>`;
      })}
    </div>
    ${error ? html`<span class="err">${error}</span>` : html`<span class="hint">${wish.days.length ? t("Only these") : t("Any day")}</span>`}
  </div>`;
}

function Hours({ wish, change, error }) {
  const choice = (name, label) => html`<select aria-label=${label} aria-invalid=${error ? "true" : undefined} value=${wish[name]} onChange=${(event) => change({ [name]: event.target.value })}>
    <option value="">${t("any")}</option>
    ${[...new Set([...HALVES, wish[name]])].filter(Boolean).sort().map((time) => html`<option key=${time} value=${time}>${time}</option>`)}
  </select>`;
  return html`<div class=${error ? "f bad" : "f"} role="group" aria-labelledby="hours"><span class="label" id="hours">${t("Hours that suit")}</span>
    <div class="span">${choice("start", t("Not before"))}<span aria-hidden="true">–</span>${choice("end", t("Not after"))}</div>
    ${error ? html`<span class="err">${error}</span>` : html`<span class="hint">${wish.start || wish.end ? t("Sessions begin between these") : t("Any hour")}</span>`}
  </div>`;
}

/** How much of the course has a place, with the book. */
function Sum({ plan, course, booked, names }) {
  if (!plan.rows) return null;
  const { progress } = course.program;
  const span = course.protocol.span_days?.map((days) => Math.max(1, Math.round(days / 7)));
  const doses = [...booked, ...plan.rows].filter((row) => row.kind === "dosing" && row.outcome !== "not_dosed" && row.status !== "completed").length + progress.dosing.done;
  const people = new Set(plan.rows.flatMap((row) => row.staff.filter((one) => one.role === "therapist").map((one) => one.user)));
  return html`<dl class="dl">
    ${plan.weeks > 0 && html`<dt>${t("Weeks")}</dt><dd>${span ? t("{n} of {a} to {b}", { n: plan.weeks, a: span[0], b: span[1] }) : plan.weeks}</dd>`}
    <dt>${t("Doses")}</dt><dd>${t("{n} of {all} placed", { n: doses, all: progress.dosing.planned })}</dd>
    ${people.size > 0 && html`<dt>${t("Therapist")}</dt><dd>${[...people].map((id) => names.staff.get(id)?.name).filter(Boolean).join(", ")}</dd>`}
  </dl>`;
}
