// How the codes of the books are called.
import { t } from "../core/i18n.js";

const REASONS = {
  courtesy: () => t("Courtesy"),
  sliding_scale: () => t("Sliding scale"),
  contractual: () => t("Contract with the payer"),
  write_off: () => t("Written off"),
  bad_debt: () => t("Bad debt"),
  package_reprice: () => t("Package priced anew"),
  correction: () => t("Correction"),
};
const STATES = {
  standing: () => t("Stands"),
  reversed: () => t("Reversed"),
  reversal: () => t("Reversal"),
  review: () => t("Above the fee: the director confirms it"),
  draft: () => t("Not issued yet"),
  issued: () => t("Issued"),
  superseded: () => t("Replaced by a newer one"),
  voided: () => t("Voided"),
  active: () => t("Open"),
  used: () => t("Used up"),
  cancelled: () => t("Was cancelled"),
};
const INTENTS = {
  self_pay: () => t("Pays without the plan"),
  will_claim: () => t("Claims from the plan"),
  uninsured: () => t("Has no plan"),
};

export const reasonName = (code) => REASONS[code]?.() ?? code;
export const stateName = (code) => STATES[code]?.() ?? code;
export const intentName = (code) => INTENTS[code]?.() ?? code;

export const reasons = () => Object.keys(REASONS).map((code) => [code, reasonName(code)]);
export const intents = () => Object.keys(INTENTS).map((code) => [code, intentName(code)]);
