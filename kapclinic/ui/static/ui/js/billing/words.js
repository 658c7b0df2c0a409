// What things are called in billing.
import { language, t } from "../core/i18n.js";
import { date, now } from "../core/time.js";

const SESSIONS = {
  preparation: () => t("Preparation"),
  dosing: () => t("Dosing"),
  integration: () => t("Integration"),
  medical: () => t("Medical"),
  maintenance: () => t("Maintenance"),
};

/** "Dosing 4" @param {{kind: string, number: number}} row */
export function sessionName(row) {
  return t("{kind} {n}", { kind: SESSIONS[row.kind]?.() ?? row.kind, n: row.number });
}

/** "30 Nov", with its year where that is another than this one. */
export function dayName(text) {
  const year = new Date(now()).toISOString().slice(0, 4);
  return text.startsWith(year) ? date(text).replace(new RegExp(`(,| de)? ${year}$`), "") : date(text);
}

/** "21 Nov to 1 Dec" */
export function spanName(from, to) {
  return from === to ? dayName(from) : t("{from} to {to}", { from: dayName(from), to: dayName(to) });
}

const BLOCKERS = {
  note_unsigned: (name) => (name ? t("Note: {name}", { name }) : t("Note is not signed")),
  cosign_pending: () => t("Second signature"),
  no_diagnosis: () => t("Diagnosis is missing"),
  diagnosis_not_billable: () => t("Diagnosis is not exact"),
  no_npi: () => t("NPI is missing"),
  missing_fee: () => t("Fee is missing"),
  ndc_missing: () => t("NDC is missing"),
  minutes_too_short: () => t("Minutes too short"),
  not_discharged: () => t("Session is not over"),
  not_in_record: () => t("A charge that the record took back"),
};

/** What stops a charge, in a few words; whose it is, where it is one person's. @param {Api["ChargeBlockerOut"]} blocker */
export function blockerName(blocker, staff) {
  const person = blocker.who_can_clear.map((who) => staff.get(who)).find(Boolean);
  return BLOCKERS[blocker.code]?.(person?.name) ?? blocker.detail;
}

/** The same with all that the API tells, which speaks English: in another language its code, and of which service. */
export function blockerSaid(blocker, staff) {
  return language === "en" ? blocker.detail : [blockerName(blocker, staff), blocker.service_code].filter(Boolean).join(": ");
}

const METHODS = {
  cash: () => t("Cash"),
  check: () => t("Bank check"),
  card: () => t("Card"),
  hsa_card: () => t("HSA card"),
  fsa_card: () => t("FSA card"),
  ach: () => t("Bank transfer"),
  other: () => t("Other"),
};

export function methodName(method) {
  return METHODS[method]?.() ?? method;
}

const STATUSES = {
  standing: () => t("In force"),
  reversed: () => t("Reversed"),
  reversal: () => t("Reversal"),
  review: () => t("In review"),
};

export function statusName(status) {
  return STATUSES[status]?.() ?? status;
}

const JOBS = {
  superbills_zip: () => t("Superbills as PDF, in a ZIP"),
  lines_csv: () => t("Lines of superbills, CSV"),
  lines_xlsx: () => t("Lines of superbills, Excel"),
  transactions_csv: () => t("Money booked, CSV"),
  beancount: () => t("Money booked, Beancount"),
};

/** Kinds of export, in the order in which they are offered. */
export const EXPORTS = Object.keys(JOBS);

/** A run has no kind. @param {{kind?: string}} job */
export function jobName(job) {
  return job.kind ? (JOBS[job.kind]?.() ?? job.kind) : t("Run of superbills");
}

const FAILURES = {
  stopped: () => t("Somebody stopped it."),
  not_permitted: () => t("Whoever asked for it may no longer see all of it."),
  broken: () => t("It broke off. Ask for it again."),
};

export function failureName(code) {
  return FAILURES[code]?.() ?? code;
}

const REASONS = {
  outdated: () => t("the books differ from the paper"),
  already_on_superbill: () => t("all of it is on a superbill"),
  nothing_to_bill: () => t("nothing to put on paper"),
  not_completed: () => t("the session is not completed"),
  note_unsigned: () => t("the note is not signed"),
  not_charged: () => t("nothing is charged"),
  internal_code: () => t("only internal codes are charged, which no payer knows"),
  in_review: () => t("a charge waits for the medical director"),
  address_missing: () => t("the clinic's address is missing"),
  phone_missing: () => t("the clinic's phone number is missing"),
  npi_invalid: () => t("a clinician has no valid NPI"),
  supervisor_missing: () => t("the supervisor has no NPI"),
  diagnoses_missing: () => t("a line has no diagnosis"),
  ndc_missing: () => t("a drug line has no NDC"),
  not_in_record: () => t("the record does not hold what a line says"),
  too_many_diagnoses: () => t("too many diagnoses for one paper"),
  name_not_printable: () => t("a letter of a name cannot be printed"),
  several_billing_providers: () => t("lines of two billing providers"),
  broken: () => t("it broke off"),
};

/** Why somebody or something was left out, as the end of a sentence. */
export function reasonName(code) {
  return REASONS[code]?.() ?? code.replaceAll("_", " ");
}

const COVERED = {
  none: () => t("no plan pays this"),
  possible: () => t("a plan may pay this"),
  prior_auth: () => t("a plan wants to be asked first"),
};

export function coverageName(code) {
  return COVERED[code]?.() ?? code;
}
