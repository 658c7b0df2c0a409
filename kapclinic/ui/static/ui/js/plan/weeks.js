// The course as weeks: which session stands on which day, and where each integration window lies. No page in here.
import { addDays, dayIn, minuteOfDay } from "../core/time.js";
import { daysBetween, keyOf, windowOf } from "./rows.js";

const EMPTY_RUN = 4; // so many weeks without anything are one line
const OFF = ["cancelled", "no_show"];
const OVER = ["checked_in", "in_progress", "completed"];

/** A session of the book as the calendar shows it; what was called off is not shown. */
export function fromBook(sessions) {
  return sessions
    .filter((row) => !OFF.includes(row.status))
    .map((row) => ({ ...row, key: row.id, state: OVER.includes(row.status) ? "past" : "booked" }));
}

/** What is proposed, and for each that was moved by hand also where it was. */
export function fromPlan(plan, taken) {
  const rows = (plan.rows ?? []).map((row) => {
    const key = keyOf(row);
    return { ...row, key, state: plan.changed.has(key) ? "to" : "proposed", taken: taken.has(key), effects: plan.look.effects.get(key) ?? [] };
  });
  const ghosts = rows.filter((row) => row.state === "to").map((row) => ({ ...plan.was.get(row.key), key: `${row.key}-was`, of: row.key, state: "old" }));
  return [...rows, ...ghosts];
}

export function byTime(items) {
  return [...items].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
}

export function mondayOf(day) {
  return addDays(day, -((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7));
}

/** The windows of integrations, in ms: what is owed says its own, a dose to come has that of its protocol. */
export function windowsOf(items, owed, protocol) {
  const known = owed.filter((row) => ["due", "booked"].includes(row.state));
  const past = known.map((row) => ({ key: row.id, opens: Date.parse(row.window_start), closes: Date.parse(row.window_end) }));
  if (!protocol.integration || protocol.program_type !== "kap") return past;
  const doses = items.filter((row) => row.kind === "dosing" && row.state !== "old" && row.state !== "past");
  return [
    ...past,
    ...doses.map((row) => {
      const [opens, closes] = windowOf(row, protocol.integration);
      return { key: row.key, opens, closes, moved: row.state === "to" };
    }),
  ];
}

/**
 * [{monday, days: [{day, items}], ribs: [{key, a, b, lane}]} | {skipped: number, monday}] from the first week to the last.
 *
 * @param {{items: object[], windows: object[], today: string, zone: string, past: boolean}} given
 */
export function weeksOf({ items, windows, today, zone, past }) {
  const onDay = new Map();
  for (const item of byTime(items)) {
    const day = dayIn(item.starts_at, zone);
    onDay.set(day, [...(onDay.get(day) ?? []), item]);
  }
  const shown = [...onDay.keys()].filter((day) => past || day >= mondayOf(today));
  const ends = shown.length ? windows.map((one) => dayIn(one.closes, zone)) : [];
  const first = mondayOf([today, ...shown].sort()[0]);
  const last = mondayOf([today, ...shown, ...ends].sort().at(-1));
  const placed = windows.map((one) => ({ ...one, from: placeOf(one.opens, first, zone), to: placeOf(one.closes, first, zone) }));
  const weeks = Array.from({ length: daysBetween(first, last) / 7 + 1 }, (_, i) => {
    const monday = addDays(first, i * 7);
    const days = Array.from({ length: 7 }, (_, n) => addDays(monday, n)).map((day) => ({ day, items: onDay.get(day) ?? [] }));
    return { monday, days, ribs: ribsOf(placed, i * 7) };
  });
  return folded(weeks);
}

/** Days, with their fraction, from a day to a moment. */
function placeOf(at, day, zone) {
  return daysBetween(day, dayIn(at, zone)) + minuteOfDay(at, zone) / 1440;
}

/** Parts of windows that lie in a week, in days from its Monday; those that overlap lie above one another. */
function ribsOf(windows, start) {
  const lanes = [];
  return windows
    .map((one) => ({ ...one, a: Math.max(0, one.from - start), b: Math.min(7, one.to - start) }))
    .filter((one) => one.b > one.a)
    .sort((x, y) => x.a - y.a)
    .map((one) => {
      let lane = lanes.findIndex((end) => end <= one.a);
      if (lane < 0) lane = lanes.length;
      lanes[lane] = one.b;
      return { ...one, lane };
    });
}

/** Long runs of weeks without anything become one line, but for this week. */
function folded(weeks) {
  const rows = [];
  let run = [];
  const close = () => {
    if (run.length >= EMPTY_RUN) rows.push({ skipped: run.length, monday: run[0].monday });
    else rows.push(...run);
    run = [];
  };
  weeks.forEach((week, i) => {
    if (i > 0 && !week.ribs.length && week.days.every((day) => !day.items.length)) {
      run.push(week);
      return;
    }
    close();
    rows.push(week);
  });
  close();
  return rows;
}
