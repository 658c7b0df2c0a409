// Why somebody may be in danger: the causes of safety alerts.
import { t } from "../core/i18n.js";

const CAUSES = {
  phq9_item_9: () => t("PHQ-9 item 9 answered"),
  qids_item_12: () => t("QIDS item 12 answered"),
  madrs_item_10: () => t("MADRS item 10 answered"),
  cssrs_high: () => t("C-SSRS high"),
  cssrs_moderate: () => t("C-SSRS moderate"),
  cssrs_incomplete: () => t("C-SSRS not complete"),
  screening_si: () => t("Suicidal thoughts in the screening"),
  phq9_worsening: () => t("PHQ-9 much worse"),
  vital_sign: () => t("A reading in the red"),
};

export function causeName(cause) {
  return CAUSES[cause]?.() ?? cause;
}
