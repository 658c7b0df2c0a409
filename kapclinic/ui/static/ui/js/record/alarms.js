// What an alarm is called in one line, wherever it is listed.
import { t } from "../core/i18n.js";
import { triggerName } from "./triggers.js";

const TITLES = {
  check_late: () => t("Check late"),
  check_missed: () => t("Check missed"),
  red_reading: () => t("Reading in the red band"),
  amber_reading: () => t("Reading in the amber band"),
};

/** @param {{cause: string, trigger: string}} alarm */
export function alarmTitle(alarm) {
  return TITLES[alarm.cause]?.() ?? triggerName(alarm.trigger) ?? t("Emergency");
}

/** Amber is a medium alarm; all others are high. */
export function alarmLoudness(alarm) {
  return alarm.cause === "amber_reading" ? "med" : "high";
}
