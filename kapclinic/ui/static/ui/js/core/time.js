// Moments, in the clinic's zone and by the server's clock: never by the tablet's.
import { language, t } from "./i18n.js";
import { store } from "./store.js";

export const MINUTE = 60000;
const SKEW = 2 * MINUTE; // beyond this the tablet's own clock is worth a word

/** How far the server's clock is ahead of this device's, in ms; null before the first answer. */
export const ahead = store(null);

/** Between which two values `ahead` lies by all that was heard, in ms. */
let [least, most] = [-Infinity, Infinity];

/**
 * Hear the server's clock from an answer that took from `sent` to `got` (device ms). `stamp` has whole seconds, so one
 * answer leaves a second of doubt; each later one narrows it. Where two contradict, a clock was set: the later holds.
 * What is known moves only as far as it must, so two moments that one person writes down stay in their order.
 */
export function hearClock(stamp, sent, got) {
  const server = Date.parse(stamp);
  if (Number.isNaN(server)) return;
  const [from, to] = [server - got, server + 999 - sent];
  [least, most] = [Math.max(least, from), Math.min(most, to)];
  if (least > most) [least, most] = [from, to];
  const known = ahead.get();
  if (known === null) ahead.set(Math.round((least + most) / 2));
  else if (known < least || known > most) ahead.set(Math.round(Math.min(Math.max(known, least), most)));
}

/** The present moment, in ms, by the server's clock as far as it is known. */
export function now() {
  return Date.now() + (ahead.get() ?? 0);
}

/** Whole minutes by which the tablet's clock is off, 0 while that is too little to mention. */
export function minutesOff() {
  const off = ahead.get() ?? 0;
  return Math.abs(off) > SKEW ? Math.round(-off / MINUTE) : 0;
}

const formats = new Map();

function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale(), { timeZone: zone, ...options }));
  return formats.get(key);
}

function locale() {
  return language === "es" ? "es-US" : "en-GB";
}

/** "10:47" */
export function clock(at, zone) {
  return format(zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));
}

/** "10:47:06" */
export function clockSeconds(at, zone) {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return format(zone, options).format(new Date(at));
}

/** "Tue 1 Dec 2026" */
export function day(at, zone) {
  const options = { weekday: "short", day: "numeric", month: "short", year: "numeric" };
  return format(zone, options).format(new Date(at)).replace(",", "");
}

/** "MST" in the clinic's zone. */
export function zoneName(at, zone) {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "short" }).formatToParts(new Date(at));
  return parts.find((part) => part.type === "timeZoneName").value;
}

/** "2 Mar 1985" for a date without a time. */
export function date(text) {
  return format("UTC", { day: "numeric", month: "short", year: "numeric" }).format(new Date(`${text}T12:00:00Z`));
}

/** "2026-12-01", the calendar day in a zone. */
export function dayIn(at, zone) {
  const key = `day ${zone}`; // a format is dear to make, and a calendar asks for hundreds of days
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-CA", { timeZone: zone }));
  const parts = formats.get(key).formatToParts(new Date(at));
  const of = (type) => parts.find((part) => part.type === type).value;
  return `${of("year")}-${of("month")}-${of("day")}`;
}

/** "4:12" of minutes and seconds up to an hour, "1:04:12" beyond; of ms, never negative. */
export function countdown(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "0:44" hours and minutes. */
export function hours(ms) {
  const minutes = Math.max(0, Math.floor(ms / MINUTE));
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** "4 min" or "2 h 5 min", in words, of ms. */
export function lasting(ms) {
  const minutes = Math.max(0, Math.floor(ms / MINUTE));
  if (minutes < 60) return t("{n} min", { n: minutes });
  return t("{h} h {m} min", { h: Math.floor(minutes / 60), m: minutes % 60 });
}

/** Minutes since midnight in a zone, by the clock on its wall. */
export function minuteOfDay(at, zone) {
  const [h, m] = clock(at, zone).split(":").map(Number);
  return h * 60 + m;
}

/** "2026-12-02" of "2026-12-01" and 1. */
export function addDays(text, days) {
  const moved = new Date(`${text}T12:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

/** "Tue 1 December" */
export function dayLong(text) {
  return format("UTC", { weekday: "short", day: "numeric", month: "long" }).format(new Date(`${text}T12:00:00Z`)).replace(",", "");
}

/** "Tue 1 Dec" */
export function dayShort(text) {
  return format("UTC", { weekday: "short", day: "numeric", month: "short" }).format(new Date(`${text}T12:00:00Z`)).replace(",", "");
}

/** The moment (ms) at which a clock of the zone shows that time of that day; a time that is skipped is an hour on. */
export function instant(dayText, time, zone) {
  const wanted = Date.parse(`${dayText}T${time}:00Z`);
  let found = wanted;
  for (let i = 0; i < 3; i += 1) {
    const shown = Date.parse(`${dayIn(found, zone)}T${clock(found, zone)}:00Z`);
    if (shown === wanted) return found;
    found += wanted - shown;
  }
  return found;
}
