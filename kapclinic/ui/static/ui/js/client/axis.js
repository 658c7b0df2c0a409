// The places of a course on its one axis: moments to the right, totals upwards. Pure arithmetic, in units of the drawing.
import { addDays, dayIn, instant } from "../core/time.js";
import { pointsOf } from "./known.js";

export const WIDTH = 836;
export const LEFT = 46;
export const RIGHT = 828;
const ENDS = 0.16; // what the last totals and the names of the bands take
const DAY = 24 * 3600000;
const TICKS = 12; // more than that do not fit side by side
const TOPS = { phq9: 27, gad7: 21, pcl5: 80, audit_c: 12, dast10: 10, qids_sr16: 27, madrs: 60, cadss: 92, bprs: 126 };
/** The published bands of PHQ-9, [from, to, name as the API has it]. */
const PHQ9 = [[20, 27, "severe"], [15, 20, "moderately_severe"], [10, 15, "moderate"], [5, 10, "mild"], [0, 5, "minimal"]];

/**
 * @param {any} course @param {number} at ms @param {string} zone
 * @returns {any} where everything stands: `x(moment)`, ticks, curves, rows
 */
export function axisOf(course, at, zone) {
  const curves = curvesOf(course.measures);
  const [from, to] = rangeOf(course, at);
  const x = (moment) => LEFT + ((toMs(moment) - from) / (to - from)) * (RIGHT - LEFT);
  const top = curves.length ? 18 : 0;
  const foot = curves.length ? 178 : 0;
  const high = curves.length ? TOPS[curves[0].instrument] ?? Math.max(...curves[0].rows.map((row) => row.total)) : 1;
  const y = (total) => foot - (Math.min(total, high) / high) * (foot - top);
  const base = curves.length ? 206 : 32; // without scores the rows begin at the top
  return { x, y, from, to, high, top, base, curves, bands: bandsOf(curves), ticks: ticksOf(from, to, zone), height: base + 112, now: x(at) };
}

function toMs(moment) {
  return typeof moment === "number" ? moment : Date.parse(moment);
}

/** From the first thing of the course to the last one that is booked, with some air. */
function rangeOf(course, at) {
  const moments = [
    at,
    ...course.phases.map((row) => toMs(row.started_at)),
    ...course.sessions.filter(stands).flatMap((row) => [toMs(row.starts_at), toMs(row.ends_at)]),
    ...course.obligations.map((row) => toMs(row.window_end)),
    ...course.measures.map((row) => toMs(row.taken_at)),
  ];
  const [first, last] = [Math.min(...moments), Math.max(...moments)];
  const air = Math.max(2 * DAY, (last - first) * 0.03);
  return [first - air, last + Math.max(air, (last - first) * ENDS)];
}

/** Was it, or will it be? */
export function stands(row) {
  return !["cancelled", "no_show"].includes(row.status);
}

/** PHQ-9 and GAD-7 side by side; without both of them the scale that was filled in most often. */
function curvesOf(measures) {
  const points = pointsOf(measures);
  const usual = ["phq9", "gad7"].filter((name) => points.has(name));
  const names = usual.length ? usual : [...points.keys()].sort((a, b) => points.get(b).length - points.get(a).length).slice(0, 1);
  return names.map((instrument, i) => ({ instrument, rows: points.get(instrument), kind: i ? "g" : "p" }));
}

function bandsOf(curves) {
  return curves[0]?.instrument === "phq9" ? PHQ9 : [];
}

/** The Mondays, or every so many of them, at which the axis is written on. */
function ticksOf(from, to, zone) {
  const weeks = Math.max(1, Math.ceil((to - from) / DAY / 7 / TICKS));
  const first = dayIn(from, zone);
  const monday = addDays(first, (8 - new Date(`${first}T12:00:00Z`).getUTCDay()) % 7);
  const found = [];
  for (let day = monday; instant(day, "00:00", zone) < to - (to - from) * 0.06; day = addDays(day, 7 * weeks)) found.push({ day, at: instant(day, "00:00", zone) });
  return found;
}

/** Labels that would lie over the one before them are left out: the table has them all. */
export function apart(items, least) {
  let last = -Infinity;
  return items.map((item) => {
    const shown = item.x - last >= least;
    if (shown) last = item.x;
    return { ...item, shown };
  });
}

/** How an integration that a dose owes stands: met in time, late, booked, missed, waived or due. */
export function metHow({ state }) {
  return state === "met_late" ? "late" : state;
}
