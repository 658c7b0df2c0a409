// The rows of a proposal: which is which, what moving one does to the others, and what mends them. No page in here.
import { clock, dayIn, instant } from "../core/time.js";

const HOUR = 3600000;
const FIELDS = ["kind", "number", "starts_at", "ends_at", "modality", "room", "staff"];

/** A row has no id before it is booked: its kind and number name it. */
export function keyOf(row) {
  return `${row.kind}-${row.number}`;
}

export function sent(rows) {
  return rows.map((row) => Object.fromEntries(FIELDS.map((name) => [name, row[name]])));
}

/**
 * A row at another place; it keeps its length, and its people unless others are named.
 *
 * @param {any} row @param {{starts_at: string, ends_at?: string, room?: string, staff?: any, modality?: string}} place
 */
export function placed(row, { starts_at, ends_at, room, staff, modality }) {
  const lasts = Date.parse(row.ends_at) - Date.parse(row.starts_at);
  const ends = ends_at ?? new Date(Date.parse(starts_at) + lasts).toISOString();
  return {
    ...row,
    starts_at,
    ends_at: ends,
    room: room === undefined ? row.room : room,
    staff: staff ? staff.map(({ user, role }) => ({ user, role })) : row.staff,
    modality: modality ?? row.modality,
  };
}

/** The window of the integration of a dose: hours after its end, and before so many after its start. */
export function windowOf(dose, hours) {
  return [Date.parse(dose.ends_at) + hours.from_hours * HOUR, Date.parse(dose.starts_at) + hours.to_hours * HOUR];
}

/**
 * All rows after one of them has gone elsewhere. The integration of a dose follows by as many days, at its own time
 * of day, where it would fall out of its window.
 */
export function moved(rows, key, place, { hours, zone }) {
  const row = rows.find((one) => keyOf(one) === key);
  const there = placed(row, place);
  let next = rows.map((one) => (one === row ? there : one));
  if (row.kind !== "dosing" || !hours) return next;
  const follows = next.find((one) => one.kind === "integration" && one.number === row.number);
  const [opens, closes] = windowOf(there, hours);
  const at = follows && Date.parse(follows.starts_at);
  if (!follows || (at >= opens && at < closes)) return next;
  const days = daysBetween(dayIn(row.starts_at, zone), dayIn(there.starts_at, zone));
  const start = instant(shifted(dayIn(at, zone), days), clock(at, zone), zone);
  next = next.map((one) => (one === follows ? placed(one, { starts_at: new Date(start).toISOString() }) : one));
  return next;
}

/** The rows with each mend that concerns a row itself, or null when there is none. */
export function mended(rows, effects) {
  let any = false;
  const next = rows.map((row) => {
    const remedy = remedyOf(effects.get(keyOf(row)) ?? []);
    if (!remedy) return row;
    any = true;
    return placed(row, remedy);
  });
  return any ? next : null;
}

/** Where a row that breaks is whole again: a remedy without a session is for the row itself. */
export function remedyOf(effects) {
  return effects.find((one) => one.severity === "breaks" && one.remedy && one.remedy.session === null)?.remedy ?? null;
}

export function differs(a, b) {
  return a.starts_at !== b.starts_at || a.room !== b.room || a.modality !== b.modality || JSON.stringify(a.staff) !== JSON.stringify(b.staff);
}

export function daysBetween(from, to) {
  return Math.round((Date.parse(`${to}T12:00:00Z`) - Date.parse(`${from}T12:00:00Z`)) / (24 * HOUR));
}

function shifted(day, days) {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 24 * HOUR).toISOString().slice(0, 10);
}
