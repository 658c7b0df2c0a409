// What made somebody raise an alarm.
import { t } from "../core/i18n.js";

const TRIGGERS = {
  severe_agitation: () => t("Severe agitation"),
  psychosis: () => t("Psychosis"),
  chest_pain: () => t("Chest pain"),
  new_neuro_sign: () => t("New neurological sign"),
  si_with_intent: () => t("Suicidal with intent"),
  apnoea: () => t("Apnoea"),
  airway: () => t("Airway"),
  unresponsive: () => t("Unresponsive"),
  seizure: () => t("Seizure"),
};

/** Of an alarm that somebody raised; nothing for one that a reading raised. @param {string} trigger */
export function triggerName(trigger) {
  return TRIGGERS[trigger]?.();
}
