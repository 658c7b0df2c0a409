// A session's start in words, and why a visit was not written down.
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { clock, dayIn, dayShort } from "../core/time.js";

/** "Tue 1 Dec 14:30" */
export function startOf(row, zone) {
  return `${dayShort(dayIn(row.starts_at, zone))} ${clock(row.starts_at, zone)}`;
}

/** Why a visit was not written down: what belongs to another day is told in the clinic's time. */
export function refusal(problem, zone) {
  if (problem.code !== "not_today") return words(problem);
  return t("This session begins {when}. It is written down on its day; if it takes place at another time, move it first.", { when: startOf(problem.extra, zone) });
}
