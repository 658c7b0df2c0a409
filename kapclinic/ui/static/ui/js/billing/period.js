// The days that the page is about, both inclusive.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { addDays } from "../core/time.js";
import { spanName } from "./words.js";

const ISO = /^\d{4}-\d{2}-\d{2}$/;
const USUAL = "90"; // days: long enough that nothing is forgotten outside

/** The first day of the month before the one of this day. */
function monthBefore(text) {
  return `${addDays(`${text.slice(0, 7)}-01`, -1).slice(0, 7)}-01`;
}

function preset(name, today) {
  const first = `${today.slice(0, 7)}-01`;
  if (name === "today") return { name, from: today, to: today };
  if (name === "yesterday") return { name, from: addDays(today, -1), to: addDays(today, -1) };
  if (name === "week") return { name, from: addDays(today, -((new Date(`${today}T12:00:00Z`).getUTCDay() + 6) % 7)), to: today };
  if (name === "month") return { name, from: first, to: today };
  if (name === "last") return { name, from: monthBefore(today), to: addDays(first, -1) };
  return { name: USUAL, from: addDays(today, 1 - Number(USUAL)), to: today };
}

/** What the address says of it: days of one's own, or one of the usual periods. */
export function periodOf(said, today) {
  if (ISO.test(said.from) && ISO.test(said.to)) return { name: "own", from: said.from, to: said.to };
  return preset(said.period, today);
}

/** @param {{period: {name: string, from: string, to: string}, today: string, go: (change: object) => void}} props */
export function Period({ period, today, go }) {
  const choose = (name) => go(name === "own" ? { period: null, from: period.from, to: period.to } : { period: name === USUAL ? null : name, from: null, to: null });
  const own = period.name === "own";
  const edge = (name, label) => html`<label class="day"><span class="vh">${label}</span>
    <input type="date" value=${period[name]} max=${name === "from" ? period.to : today} min=${name === "to" ? period.from : undefined} required onChange=${(event) => ISO.test(event.target.value) && go({ [name]: event.target.value })} /></label>`;
  const near = [["today", t("Today")], ["yesterday", t("Yesterday")], ["week", t("This week")], ["month", t("This month")]];
  const far = near.some(([name]) => name === period.name) ? "" : period.name;
  return html`<div class="seg" role="group" aria-label=${t("Days covered")}>${near.map(([name, label]) => html`<button type="button" key=${name} aria-pressed=${period.name === name} onClick=${() => choose(name)}>${label}</button>`)}</div>
    <select aria-label=${t("Other days")} value=${far} onChange=${(event) => choose(event.target.value)}>
      ${!far && html`<option value="" disabled>${spanName(period.from, period.to)}</option>`}
      <option value=${USUAL}>${t("Last 90 days")}</option>
      <option value="last">${t("Last month")}</option>
      <option value="own">${own ? spanName(period.from, period.to) : t("Other days…")}</option>
    </select>
    ${own && html`${edge("from", t("From this day"))}${edge("to", t("To this day"))}`}`;
}
