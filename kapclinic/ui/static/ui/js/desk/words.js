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
  const planned = row.kind === "dosing" ? row.progress?.doses?.planned ?? row.progress?.planned : undefined;
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
