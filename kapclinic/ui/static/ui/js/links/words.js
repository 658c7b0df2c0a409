// What links are about, how they stand, and what their clients answered.
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort } from "../core/time.js";
import { documentName } from "./documents.js";

/** Scales that a client answers alone. Their names are the same in every language. */
export const SCALES = { phq9: "PHQ-9", gad7: "GAD-7", pcl5: "PCL-5", audit_c: "AUDIT-C", dast10: "DAST-10", qids_sr16: "QIDS-SR16" };

/** "Tue 1 Dec 13:00" */
export function when(moment, zone) {
  return `${dayShort(dayIn(moment, zone))} ${clock(moment, zone)}`;
}

const KINDS = {
  preparation: () => t("Preparation"),
  dosing: () => t("Dosing"),
  integration: () => t("Integration"),
  medical: () => t("Medical"),
  maintenance: () => t("Maintenance"),
};

/** "Dosing 2, Tue 1 Dec 13:00" */
export function sessionName(row, zone) {
  return `${t("{kind} {n}", { kind: KINDS[row.kind]?.() ?? row.kind, n: row.number })}, ${when(row.starts_at, zone)}`;
}

/** What a link asks for; `consents` and `sessions` by their ids, where they are known. @param {Api["LinkOut"]} row */
export function aboutWhat(row, { consents, sessions }, zone) {
  const subject = /** @type {any} */ (row.subject);
  if (row.purpose === "measure") return SCALES[subject.instrument] ?? subject.instrument;
  if (row.purpose === "intake") return t("The screening’s questions");
  if (row.purpose === "consent") return consents.has(subject) ? documentName(consents.get(subject).document) : t("A document to sign");
  return sessions.has(subject) ? sessionName(sessions.get(subject), zone) : t("A session");
}

const STATES = {
  live: (row, zone) => t("waits until {time}", { time: when(row.expires_at, zone) }),
  used: (row, zone) => t("answered {time}", { time: when(row.used_at, zone) }),
  locked: () => t("ended: five wrong dates of birth"),
  revoked: (row, zone) => t("taken back {time}", { time: when(row.ended_at, zone) }),
  expired: () => t("its time is over"),
};

export function stateOf(row, zone) {
  return STATES[row.state]?.(row, zone) ?? row.state;
}

const SAID = new Map(/** @type {[any, () => string][]} */ ([[true, () => t("Yes")], [false, () => t("No")], ["unknown", () => t("Not known")]]));

/**
 * [question, answer] of what was answered, as the client gave it; `labels` of the screening's questions by their codes.
 *
 * @param {Api["LinkOut"]} row @param {Map<string, string>} labels @returns {[string, string][]}
 */
export function answersOf(row, labels) {
  const told = /** @type {any} */ (row.answer.answers);
  const say = (value) => SAID.get(value)?.() ?? String(value);
  const listed = (rows) => rows.join("; ") || t("none given");
  if (row.purpose === "intake") {
    const rows = Object.entries(told.answers ?? {}).map(([code, one]) => /** @type {any} */ ([labels.get(code) ?? code, [say(one.value), one.note].filter(Boolean).join(": ")]));
    return told.medicines ? [...rows, [t("Medicines"), listed(told.medicines)]] : rows;
  }
  const rows = [[t("Comes"), told.coming ? t("Yes") : [t("Asks for another time"), told.wish].filter(Boolean).join(": ")]];
  if ("fasting" in told) rows.push([t("Will have fasted"), say(told.fasting)]);
  if ("ride" in told) rows.push([t("The ride home"), told.ride ? [told.ride.name, told.ride.phone, told.ride.relationship].filter(Boolean).join(", ") : t("none given")]);
  if ("medicines" in told) rows.push([t("New medicines"), listed(told.medicines)]);
  return /** @type {any} */ (rows);
}
