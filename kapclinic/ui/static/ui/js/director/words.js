// What things are called on the director's screen, and how long ago they were.
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort, MINUTE } from "../core/time.js";

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "now", "5 min", "3 h", "14 d" of ms. */
export function age(ms) {
  if (ms < MINUTE) return t("now");
  if (ms < HOUR) return t("{n} min", { n: Math.floor(ms / MINUTE) });
  if (ms < 2 * DAY) return t("{n} h", { n: Math.floor(ms / HOUR) });
  return t("{n} d", { n: Math.floor(ms / DAY) });
}

/** "in 3 h", or "late 2 d" once it is over. */
export function due(moment, at) {
  const left = Date.parse(moment) - at;
  return left < 0 ? t("late {age}", { age: age(-left) }) : t("in {age}", { age: age(left) });
}

/** "Tue 1 Dec 13:00" */
export function when(moment, zone) {
  return `${dayShort(dayIn(moment, zone))} ${clock(moment, zone)}`;
}

const DECISIONS = {
  screening: () => t("Screening to decide"),
  clearance_review: () => t("Clearance under review"),
  clearance_ending: () => t("Clear again"),
  safety_alert: () => t("Safety alert"),
  alert_release: () => t("Alert to release"),
  order_missing: () => t("Order to write"),
  order_above_cap: () => t("Order above the cap"),
  override: () => t("Override to read"),
  adverse_event_review: () => t("Adverse event review"),
};

export function decisionName(kind) {
  return DECISIONS[kind]?.() ?? kind.replaceAll("_", " ");
}

const STATES = {
  met: () => t("in window"),
  met_late: () => t("late"),
  missed: () => t("missed"),
  waived: () => t("waived"),
  booked: () => t("booked"),
  due: () => t("not booked"),
  draft: () => t("Draft"),
  unwritten: () => t("not begun"),
  cosign_pending: () => t("Waits for a co-signer"),
  signed: () => t("Signed"),
  open: () => t("open"),
  acknowledged: () => t("acknowledged"),
};

export function stateName(state) {
  return STATES[state]?.() ?? state;
}

/** "−12.5 mg" of "-12.500". */
export function signedMg(text) {
  const plain = String(text).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  return `${plain.startsWith("-") ? `−${plain.slice(1)}` : `+${plain}`} mg`;
}
