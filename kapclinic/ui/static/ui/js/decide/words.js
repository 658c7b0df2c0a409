// What things are called at the prescriber's desk.
import { many, t } from "../core/i18n.js";
import { now } from "../core/time.js";

const KINDS = {
  screening: () => t("Clearance"),
  order_missing: () => t("Order"),
  order_above_cap: () => t("Above the cap"),
  override: () => t("Override to read"),
  clearance_review: () => t("Clearance under review"),
  clearance_ending: () => t("Clearance again"),
  safety_alert: () => t("Safety alert"),
  alert_release: () => t("Release of an alert"),
  adverse_event_review: () => t("Adverse event"),
};

export function kindName(kind) {
  return KINDS[kind]?.() ?? kind;
}

const ASKS = {
  screening: () => t("Decide the screening"),
  order_missing: () => t("The dose is booked and has no order"),
  order_above_cap: () => t("A second prescriber approves"),
  override: () => t("A colleague passed a gate"),
  clearance_review: () => t("Uphold it or void it"),
  clearance_ending: () => t("It ends soon: screen again"),
  safety_alert: () => t("Speak to the client, then acknowledge"),
  alert_release: () => t("May doses go on?"),
  adverse_event_review: () => t("Review it"),
};

export function askOf(kind) {
  return ASKS[kind]?.() ?? "";
}

const HOUR = 3600000;

/** "40 min", "3 h" or "14 d", of ms: one number is enough in a row. */
export function span(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60000));
  if (minutes < 60) return t("{n} min", { n: minutes });
  if (minutes < 48 * 60) return t("{n} h", { n: Math.floor(minutes / 60) });
  return t("{n} d", { n: Math.floor(minutes / 1440) });
}

/** What runs out, and how loud that is: {text, tone}. */
export function dueOf(row) {
  if (!row.due_at) return { text: t("since {span}", { span: span(now() - Date.parse(row.since)) }), tone: "" };
  const left = Date.parse(row.due_at) - now();
  if (left < 0) return { text: t("{span} late", { span: span(-left) }), tone: "high" };
  return { text: t("in {span}", { span: span(left) }), tone: left < 24 * HOUR ? "med" : "" };
}

const SEVERITIES = {
  absolute: ["high", "stop", () => t("absolute")],
  relative: ["med", "warn", () => t("relative")],
  unknown: ["low", "info", () => t("unknown")],
  info: ["", "ok", () => t("info")],
};
export const RANKS = Object.keys(SEVERITIES);

/** [tone, icon, word] of a finding's severity. */
export function severityOf(severity) {
  const [tone, icon, word] = SEVERITIES[severity] ?? ["", "info", () => severity];
  return [tone, icon, word()];
}

const COUNTS = {
  absolute: (n) => t("{n} absolute", { n }),
  relative: (n) => t("{n} relative", { n }),
  unknown: (n) => t("{n} unknown", { n }),
};

/** "1 absolute, 2 unknown", or that there is nothing. */
export function countOf(findings) {
  const parts = Object.entries(COUNTS).flatMap(([name, say]) => {
    const n = findings.filter((row) => row.severity === name).length;
    return n ? [say(n)] : [];
  });
  return parts.length ? parts.join(", ") : t("Nothing was found");
}

const DECISIONS = { cleared: () => t("cleared"), deferred: () => t("deferred"), declined: () => t("declined") };

export function decisionName(decision) {
  return DECISIONS[decision]?.() ?? decision;
}

const CODES = {
  new_medication: () => t("A medicine that was not weighed"),
  cssrs_high: () => t("A C-SSRS of the tier high"),
  pregnancy_positive: () => t("A pregnancy test that does not allow the dose"),
  serious_event: () => t("A serious adverse event"),
  new_condition: () => t("A new condition"),
  pressure_trend: () => t("A resting blood pressure beyond hold on two days"),
};

/** Why a clearance is suspended. */
export function reasonName(code) {
  return CODES[code]?.() ?? code;
}

const CAUSES = {
  phq9_item_9: () => t("PHQ-9, item 9"),
  qids_item_12: () => t("QIDS-SR16, item 12"),
  madrs_item_10: () => t("MADRS, item 10"),
  cssrs_high: () => t("C-SSRS, tier high"),
  cssrs_moderate: () => t("C-SSRS, tier moderate"),
  cssrs_incomplete: () => t("C-SSRS that was left open"),
  screening_si: () => t("Suicidal thoughts with intent or plan, in the screening"),
  phq9_worsening: () => t("PHQ-9 got worse"),
  vital_sign: () => t("A vital sign"),
};

export function causeName(cause) {
  return CAUSES[cause]?.() ?? cause;
}

const SESSIONS = {
  preparation: (n) => t("Preparation {n}", { n }),
  dosing: (n) => t("Dose {n}", { n }),
  integration: (n) => t("Integration {n}", { n }),
  medical: (n) => t("Medical {n}", { n }),
  maintenance: (n) => t("Maintenance {n}", { n }),
};

/** "Dose 2" */
export function sessionName(session) {
  return SESSIONS[session.kind]?.(session.number) ?? session.kind;
}

export function waitingWord(n) {
  return many(n, "{n} decision waits", "{n} decisions wait");
}
