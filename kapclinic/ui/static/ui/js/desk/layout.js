// Where each session lies on the day grid: quarters of an hour from opening, and lanes where two overlap. No page in here.
import { dayIn, minuteOfDay } from "../core/time.js";

const QUARTER = 15;

/** [first, last] minute of the day that is shown: the opening hours, widened to whole hours by what is booked outside. */
export function hoursShown(opening, rows, zone) {
  const starts = rows.map((row) => minuteOfDay(Date.parse(row.starts_at), zone));
  const ends = rows.map((row) => Math.max(minuteOfDay(Date.parse(row.ends_at), zone), minuteOfDay(Date.parse(row.starts_at), zone) + QUARTER));
  const [from, to] = opening ?? [8 * 60, 18 * 60];
  const first = Math.floor(Math.min(from, ...starts) / 60) * 60;
  const last = Math.ceil(Math.max(to, ...ends) / 60) * 60;
  return [Math.max(0, first), Math.min(24 * 60, last)];
}

/** 1-based grid line of a minute of the day. */
export function line(minute, first) {
  return Math.round((minute - first) / QUARTER) + 1;
}

/** [start, end] in minutes of the day; one that runs past midnight ends at it. */
export function minutes(row, zone) {
  const start = minuteOfDay(Date.parse(row.starts_at), zone);
  const end = minuteOfDay(Date.parse(row.ends_at), zone);
  return [start, end > start ? end : 24 * 60];
}

/** What a row takes of the grid: a short one still takes a quarter of an hour. */
function quarters(row, zone) {
  const [start, end] = minutes(row, zone).map((minute) => line(minute, 0));
  return [start, Math.max(end, start + 1)];
}

/**
 * Lanes of one column: rows that overlap stand side by side.
 * @returns {Map<string, {lane: number, lanes: number}>} by id
 */
export function lanes(rows, zone) {
  const found = new Map();
  const sorted = [...rows].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  let [cluster, until] = [[], -1];
  const close = () => {
    const count = Math.max(1, ...cluster.map((one) => one.lane + 1));
    for (const one of cluster) found.set(one.id, { lane: one.lane, lanes: count });
    cluster = [];
  };
  for (const row of sorted) {
    const [start, end] = quarters(row, zone);
    if (start >= until) close();
    const taken = new Set(cluster.filter((one) => one.end > start).map((one) => one.lane));
    let lane = 0;
    while (taken.has(lane)) lane += 1;
    cluster.push({ id: row.id, lane, end });
    until = Math.max(until, end);
  }
  close();
  return found;
}

/** The [from, to] in minutes, between the first and last of the day shown, at which somebody does not work there. */
export function notThere(worker, day, first, last, zone) {
  const minuteThere = (text) => {
    const at = Date.parse(text);
    const on = dayIn(at, zone);
    return on < day ? 0 : on > day ? 24 * 60 : minuteOfDay(at, zone);
  };
  const off = worker.off.map((row) => [minuteThere(row.starts_at), minuteThere(row.ends_at)]);
  const hours = worker.hours.map((row) => [minuteOf(row.from), minuteOf(row.to)]);
  const within = (minute) => ([from, to]) => from <= minute && minute < to;
  const found = [];
  for (let minute = first; minute < last; minute += QUARTER) {
    if (hours.some(within(minute)) && !off.some(within(minute))) continue;
    if (found.at(-1)?.[1] === minute) found.at(-1)[1] = minute + QUARTER;
    else found.push([minute, minute + QUARTER]);
  }
  return found;
}

function minuteOf(text) {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
}

/** The opening of a day of a location as [from, to] in minutes, or null when it is closed. */
export function openingOf(place, day) {
  if ((place.closed_dates ?? []).some((one) => (one.date ?? one) === day)) return null;
  const weekday = (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7;
  const rows = (place.opening_hours ?? []).filter((row) => row.weekday === weekday);
  if (!rows.length) return null;
  return [Math.min(...rows.map((row) => minuteOf(row.from))), Math.max(...rows.map((row) => minuteOf(row.to)))];
}
