// What is being typed: which field is next, what a reading needs, what it becomes on the wire. No page in here.
import { bandsAt } from "./bands.js";

export const FIELDS = ["systolic", "diastolic", "heart_rate", "spo2"];
export const MUST = ["systolic", "diastolic", "heart_rate"];
// What a device can show (screening/rules/measurable.py): more digits than these have no meaning.
export const RANGE = { systolic: [0, 350], diastolic: [0, 300], heart_rate: [0, 350], spo2: [0, 100] };

export const EMPTY = { text: { systolic: "", diastolic: "", heart_rate: "", spo2: "" }, missing: [], sedation: null, at: null, active: "systolic", moved: false };

export function nextField(active) {
  return FIELDS[(FIELDS.indexOf(active) + 1) % FIELDS.length];
}

/** One digit more. The third moves on, and so does a second that can have no third. */
export function typed(entry, digit) {
  const sign = entry.active;
  const text = (entry.text[sign] + digit).replace(/^0+(?=\d)/, "").slice(0, 3);
  const full = text.length === 3 || (text.length === 2 && Number(text) * 10 > RANGE[sign][1]);
  const moved = full && sign !== FIELDS.at(-1);
  return {
    ...entry,
    text: { ...entry.text, [sign]: text },
    missing: entry.missing.filter((name) => name !== sign),
    active: moved ? nextField(sign) : sign,
    moved,
  };
}

/** What Enter does: "stay" (the digits have just moved on by themselves), "next" or "save". */
export function entered(entry) {
  if (entry.moved) return "stay";
  const last = entry.active === FIELDS.at(-1);
  return last || !Object.keys(faults(entry)).length ? "save" : "next";
}

export function deleted(entry) {
  const { active, text } = entry;
  if (text[active]) return { ...entry, text: { ...text, [active]: text[active].slice(0, -1) } };
  const before = FIELDS[FIELDS.indexOf(active) - 1];
  return before ? { ...entry, active: before } : entry;
}

/** Pressure or heart rate could not be had: said, so that a gap is no silence. */
export function notObtainable(entry, sign) {
  const there = entry.missing.includes(sign);
  const missing = there ? entry.missing.filter((name) => name !== sign) : [...entry.missing, sign];
  return { ...entry, missing, text: { ...entry.text, [sign]: "" } };
}

export function isEmpty(entry) {
  return FIELDS.every((sign) => !entry.text[sign]) && !entry.missing.length && entry.sedation === null;
}

function vitals(entry) {
  const numbers = FIELDS.map((sign) => [sign, entry.text[sign] === "" ? null : Number(entry.text[sign])]);
  return { ...Object.fromEntries(numbers), sedation: entry.sedation };
}

/** {sign: code} of what stops it: `missing`, `implausible` or `reversed`. Empty when it can be saved. */
export function faults(entry) {
  const found = {};
  const values = vitals(entry);
  for (const sign of FIELDS) {
    const value = values[sign];
    if (value === null && MUST.includes(sign) && !entry.missing.includes(sign)) found[sign] = "missing";
    else if (value !== null && (value < RANGE[sign][0] || value > RANGE[sign][1])) found[sign] = "implausible";
  }
  const { systolic, diastolic } = values;
  if (systolic !== null && diastolic !== null && diastolic >= systolic) found.diastolic = "reversed";
  return found;
}

/** The body of `POST sessions/{id}/readings/`. `at`: ms by the server's clock. */
export function body(entry, at, action) {
  const given = Object.entries(vitals(entry)).filter(([, value]) => value !== null);
  return {
    ...Object.fromEntries(given),
    ...(entry.missing.length ? { not_obtainable: entry.missing } : {}),
    measured_at: new Date(at).toISOString(),
    ...(action ? { action_taken: action } : {}),
  };
}

/** The bands of what is typed, or null without the protocol's table (a tablet that was opened offline). */
export function judged(entry, at, { bands, others, dosedAt }) {
  return bands ? bandsAt(at, vitals(entry), bands, others, dosedAt) : null;
}
