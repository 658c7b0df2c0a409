// What things are called at the front desk.
import { t } from "../core/i18n.js";

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

/** "Dosing 3", and "Dosing 3 of 6" where the course is known. */
export function sessionName(row) {
  const planned = row.kind === "dosing" ? row.progress?.dosing.planned : undefined;
  if (planned) return t("{kind} {n} of {all}", { kind: kindName(row.kind), n: row.number, all: planned });
  return t("{kind} {n}", { kind: kindName(row.kind), n: row.number });
}

/** Column of the board -> [icon, word], in the order in which a day goes. */
export const COLUMNS = {
  booked: ["cal", () => t("Booked")],
  arrived: ["door", () => t("Arrived")],
  roomed: ["door", () => t("Roomed")],
  in_session: ["heart", () => t("In session")],
  recovery: ["moon", () => t("Recovery")],
  ready: ["car", () => t("Ready to leave")],
  done: ["ok", () => t("Done")],
  no_show: ["x", () => t("No-show")],
  late_cancel: ["x", () => t("Cancelled late")],
  cancelled: ["x", () => t("Cancelled")],
};

export const THERE = ["arrived", "roomed", "in_session", "recovery", "ready"];
export const GONE = ["no_show", "late_cancel", "cancelled"];

export function columnName(column) {
  return COLUMNS[column]?.[1]() ?? column;
}

/** The first names of who works in a session, in the order of the row. */
export function firstNames(row, staff) {
  return row.staff.map((one) => staff.get(one.user)?.name.split(" ")[0]).filter(Boolean).join(" · ");
}

const HELD = {
  program_active: () => t("The program is not active"),
  consent: () => t("Consent is not signed"),
  preparation: () => t("Preparation is not done"),
  integration_done: () => t("The integration before is not done"),
  staff: () => t("Somebody is missing who must be there"),
  escort: () => t("No ride home named"),
  home_address: () => t("The client's address is missing"),
  home_emergency: () => t("The help near the client is missing"),
  in_person_visit: () => t("Not yet seen in person"),
  clinical_hold: () => t("The clinical team is not ready"),
};

/**
 * What holds a dose back, in words; what only the visit itself can clear counts once the client is there.
 * @param {Api["BoardSessionOut"]} row
 */
export function heldBack(row) {
  const rows = (row.blockers ?? []).filter((one) => one.code !== "clinical_hold" || THERE.includes(row.column));
  return rows.map((one) => ({ code: one.code, word: HELD[one.code]?.() ?? one.label, icon: one.code === "escort" ? "car" : "stop" }));
}

const MOVES = {
  check_in: () => t("Check in"),
  no_show: () => t("No-show…"),
  cancel: () => t("Cancel…"),
  reschedule: () => t("Move"),
};

export function moveName(move) {
  return MOVES[move]?.() ?? move;
}

/** "Mon", "Tue" … from Monday, as the API counts the days of a week. */
export function weekdays() {
  return [t("Mon"), t("Tue"), t("Wed"), t("Thu"), t("Fri"), t("Sat"), t("Sun")];
}
