// What things are called in notes: frames, their sections, what stops a signature.
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";

export const FRAMES = {
  dap: ["DAP", ["data", "assessment", "plan"]],
  soap: ["SOAP", ["subjective", "objective", "assessment", "plan"]],
  birp: ["BIRP", ["behavior", "intervention", "response", "plan"]],
  free: ["", []],
};
export const TEXT = "text"; // the one section of a free note

export function frameName(frame) {
  return FRAMES[frame]?.[0] || t("Free");
}

const SECTIONS = {
  data: () => t("Data"),
  assessment: () => t("Assessment"),
  plan: () => t("Plan"),
  subjective: () => t("Subjective"),
  objective: () => t("Objective"),
  behavior: () => t("Behavior"),
  intervention: () => t("Intervention"),
  response: () => t("Response"),
  text: () => t("Text"),
};

export function sectionName(name) {
  return SECTIONS[name]?.() ?? name;
}

/** The names of a note's sections, in their order. */
export function namesOf({ frame, sections }) {
  const fixed = FRAMES[frame]?.[1] ?? [];
  if (fixed.length) return fixed;
  const found = Object.keys(sections ?? {});
  return found.length ? found : [TEXT];
}

/** A moment as this page sends it; null stays. */
function told(moment) {
  return moment ? new Date(moment).toISOString() : null;
}

/** What of a note is written: frame, every section of it, times of care. */
export function wordsOf(note) {
  const sections = Object.fromEntries(namesOf(note).map((name) => [name, note.sections?.[name] ?? ""]));
  return { frame: note.frame, sections, service_started_at: told(note.service_started_at), service_ended_at: told(note.service_ended_at) };
}

/** Words under another frame: what has no place in it stands in its first section, so that nothing is lost. */
export function reframed(words, frame) {
  const fixed = FRAMES[frame][1];
  if (!fixed.length) return { ...words, frame, sections: words.sections };
  const lost = namesOf(words).filter((name) => !fixed.includes(name) && words.sections[name].trim());
  const sections = Object.fromEntries(fixed.map((name) => [name, words.sections[name] ?? ""]));
  const first = lost.map((name) => words.sections[name].trim());
  sections[fixed[0]] = [...first, sections[fixed[0]]].filter(Boolean).join("\n\n");
  return { ...words, frame, sections, moved: lost.length > 0 };
}

const NAMES = { preparation: () => t("Preparation note"), dosing: () => t("Dosing note"), integration: () => t("Integration note"), medical: () => t("Medical note") };

export function noteName(kind) {
  return NAMES[kind]?.() ?? kind;
}

const STOPS = {
  session_not_begun: () => t("The session has not begun: check the client in first."),
  not_on_session: () => t("You are not on this session: say why you write in the place of who was there."),
  note_empty: () => t("The note says nothing yet."),
  required: () => t("Say when the care began and when it ended."),
  reversed: () => t("The care ends before it begins."),
  other_day: () => t("The care began on another day than the session."),
  in_future: () => t("The care ends in the future."),
  implausible: () => t("The care lasts longer than a day's work."),
};

/** @param {{code: string, label: string}} stop */
export function stopName(stop) {
  return STOPS[stop.code]?.() ?? stop.label;
}

const WRITERS = {
  preparation: ["therapist"],
  integration: ["therapist"],
  dosing: ["nurse_practitioner", "therapist", "prescriber"],
  medical: ["nurse_practitioner", "prescriber"],
};
const OF = { preparation: ["preparation"], dosing: ["dosing"], integration: ["integration"], medical: [], maintenance: ["integration"] };

/** The kinds of note that this person may write on a session, the one that writes it up first. */
export function kindsFor(session) {
  return [...(OF[session.kind] ?? []), "medical"].filter((kind) => has(...WRITERS[kind]));
}

export const WRITE = ["nurse_practitioner", "therapist", "prescriber"];

export const SCALES = {
  phq9: "PHQ-9",
  gad7: "GAD-7",
  pcl5: "PCL-5",
  audit_c: "AUDIT-C",
  dast10: "DAST-10",
  qids_sr16: "QIDS-SR16",
  madrs: "MADRS",
  cadss: "CADSS",
  bprs: "BPRS",
};
