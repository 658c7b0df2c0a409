// What things are called at the safe.
import { t } from "../core/i18n.js";
import { parse, shown } from "../core/milligrams.js";

const KINDS = {
  receive: () => t("Received"),
  administer: () => t("Drawn for a dose"),
  settle: () => t("Draw settled"),
  waste: () => t("Wasted"),
  transfer: () => t("Sent to another place"),
  transfer_in: () => t("Came from another place"),
  return: () => t("Returned to the supplier"),
  loss: () => t("Lost or stolen"),
  count: () => t("Set to what was counted"),
  correct: () => t("Books corrected"),
  void: () => t("Entered in error"),
};

export function kindName(kind) {
  return KINDS[kind]?.() ?? kind;
}

const COUNTS = {
  opening: () => t("Opening count"),
  closing: () => t("Closing count"),
  inventory: () => t("Inventory"),
};

export function countName(kind) {
  return COUNTS[kind]?.() ?? kind;
}

const STATES = {
  open: () => t("nobody has answered yet"),
  explained: () => t("explained as an error of the books"),
  reported: () => t("reported"),
  closed: () => t("closed"),
};

export function stateName(state) {
  return STATES[state]?.() ?? state;
}

/** "ketamine vial 50 mg/mL" */
export function lotName(lot) {
  const strength = lot.concentration_mg_per_ml ? ` ${number(lot.concentration_mg_per_ml)} mg/mL` : "";
  return `${lot.drug} ${lot.form}${strength}`;
}

/** "57.7" of "57.700": what the number says, nothing rounded. */
export function number(text) {
  return String(text).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** "+60 mg" or "−60 mg" of "-60.000". */
export function signed(text) {
  const plain = number(text);
  if (Number(text) === 0) return "0 mg";
  return plain.startsWith("-") ? `−${plain.slice(1)} mg` : `+${plain} mg`;
}

/** "2 whole and 100 mg in the open one", or "". */
export function containersWords(held) {
  if (!held) return "";
  const open = parse(held.open_mg);
  return open ? t("{n} whole and {mg} mg in the open one", { n: held.whole, mg: shown(open) }) : t("{n} whole, none open", { n: held.whole });
}
