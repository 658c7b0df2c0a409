// How a payment is spoken of, at the front desk and in a client's account.
import { t } from "../core/i18n.js";
import { Problem } from "../core/problem.js";

const METHODS = {
  card: () => t("By card"),
  cash: () => t("In cash"),
  check: () => t("By check"),
  hsa_card: () => t("By HSA card"),
  fsa_card: () => t("By FSA card"),
  ach: () => t("By bank transfer"),
  other: () => t("Another way"),
};

export const methodName = (code) => METHODS[code]?.() ?? code;
export const methods = () => Object.keys(METHODS).map((code) => [code, methodName(code)]);

/** Field of a payment -> what it is called. */
export const paymentLabels = () => ({ amount: t("Amount, $"), method: t("Paid by"), received_on: t("Received on"), reference: t("Reference") });
export const referenceHint = () => t("Number of the check, or the card's last 4 digits");
export const unreadAmount = () => t("Type an amount such as 120.00.");
export const takePayment = () => t("Take a payment");
export const staysCredit = () => t("It pays no charge by itself: it stays as credit until billing allocates it.");
export const takeIt = () => t("Take it");
export const taken = (amount) => t("The server has the payment: {amount}", { amount });
export const writtenOnce = () => t("It had reached the server at the first try, and was not written twice. If a second one is meant, enter it again.");

/** Nobody knows whether the first try acted, and something else is sent. */
export const unsure = () => new Problem({ status: 0, code: "unsure", detail: t("No answer came to what you sent first, so it may have acted. Send that once more as it was, or close this and look.") });

/** How a client stands, at the desk. */
export const owes = (amount) => t("Owes {amount}", { amount });
export const owesNothing = () => t("Owes nothing");
export const inCredit = (amount) => t("{amount} in credit", { amount });
export const allOfIt = () => t("All of it");
export const accountOf = () => t("Whole account");
