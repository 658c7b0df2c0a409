// What things are called on a client's page.
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort } from "../core/time.js";

const HOUR = 3600000;

const KINDS = {
  preparation: () => t("Preparation"),
  dosing: () => t("Dosing"),
  integration: () => t("Integration"),
  medical: () => t("Medical"),
  maintenance: () => t("Maintenance"),
};

export function kindName(kind) {
  return KINDS[kind]?.() ?? kind;
}

const SCALES = {
  phq9: "PHQ-9", gad7: "GAD-7", pcl5: "PCL-5", cssrs: "C-SSRS", audit_c: "AUDIT-C", dast10: "DAST-10", qids_sr16: "QIDS-SR16", madrs: "MADRS", cadss: "CADSS", bprs: "BPRS",
};

/** Names of scales are the same in every language. */
export function scaleName(instrument) {
  return SCALES[instrument] ?? instrument;
}

const BANDS = {
  none: () => t("none"),
  minimal: () => t("minimal"),
  low: () => t("low"),
  mild: () => t("mild"),
  moderate: () => t("moderate"),
  moderately_severe: () => t("mod. severe"),
  substantial: () => t("substantial"),
  severe: () => t("severe"),
  very_severe: () => t("very severe"),
  high: () => t("high"),
  LOW: () => t("low"),
  MODERATE: () => t("moderate"),
  HIGH: () => t("high"),
};

export function bandName(band) {
  return band ? (BANDS[band]?.() ?? band) : "";
}

const FLAGS = {
  incomplete: () => t("not complete"),
  worsening: () => t("worse than before"),
  evaluate: () => t("to evaluate"),
  trend: () => t("trend"),
  total_only: () => t("without its answers"),
};

/** "item 9 answered", "not complete" of a measure's flags; others as they are. */
export function flagName(flag) {
  const item = /^item_(\d+)$/.exec(flag)?.[1];
  return item ? t("item {n} answered", { n: item }) : (FLAGS[flag]?.() ?? flag.replaceAll("_", " "));
}

const ROUTES = {
  sublingual: () => t("sublingual"),
  intramuscular: () => t("into the muscle"),
  intravenous: () => t("into the vein"),
  intranasal: () => t("into the nose"),
  oral: () => t("by mouth"),
};

export function routeName(route) {
  return ROUTES[route]?.() ?? route;
}

const PHASES = {
  screening: () => t("Screening"),
  preparation: () => t("Preparation"),
  dosing: () => t("Dosing"),
  integration: () => t("Integration"),
  maintenance: () => t("Maintenance"),
};

export function phaseName(phase) {
  return PHASES[phase]?.() ?? phase;
}

const DOCUMENTS = {
  kap_treatment: () => t("Treatment"),
  privacy: () => t("Privacy notice"),
  telehealth: () => t("Video sessions"),
  financial: () => t("Costs and payment"),
  release: () => t("Release of the record"),
  spravato_rems: () => t("Spravato REMS"),
  psychotherapy_notes: () => t("Psychotherapy notes"),
};

export function documentName(document) {
  return DOCUMENTS[document]?.() ?? document;
}

const STATES = {
  draft: () => t("Draft"),
  signed: () => t("Signed"),
  cosign_pending: () => t("Waits for a co-signer"),
  discarded: () => t("Discarded"),
  revoked: () => t("Taken back"),
  submitted: () => t("Waits for a decision"),
  decided: () => t("Decided"),
  standing: () => t("Stands"),
  cleared: () => t("Cleared"),
  suspended: () => t("Under review"),
  expired: () => t("Expired"),
  voided: () => t("Voided"),
  declined: () => t("Declined"),
  deferred: () => t("Deferred"),
  active: () => t("going on"),
  on_hold: () => t("on hold"),
  completed: () => t("completed"),
  discontinued: () => t("discontinued"),
  open: () => t("nobody has acknowledged it"),
  acknowledged: () => t("acknowledged"),
};

export function stateName(state) {
  return STATES[state]?.() ?? state;
}

/** "Tue 1 Dec 13:00" */
export function when(moment, zone) {
  return `${dayShort(dayIn(moment, zone))} ${clock(moment, zone)}`;
}

/** Whole hours from one moment to another. */
export function hoursFrom(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / HOUR);
}

/** "Peak 152/94 · HR 96", or nothing where nothing was read. */
export function peaksWords(peaks) {
  if (!peaks?.systolic) return "";
  const pressure = `${peaks.systolic.value}/${peaks.diastolic?.value ?? "–"}`;
  const heart = peaks.heart_rate ? ` · ${t("HR {n}", { n: peaks.heart_rate.value })}` : "";
  return t("Peak {pressure}", { pressure }) + heart;
}

const SESSION = { scheduled: () => t("Booked"), held: () => t("Held for the dose"), checked_in: () => t("Arrived"), in_progress: () => t("In session"), completed: () => t("Done"), no_show: () => t("No-show"), cancelled: () => t("Cancelled") };

export function sessionState(row) {
  if (row.outcome === "not_dosed") return t("No dose was given");
  return SESSION[row.status]?.() ?? row.status;
}
