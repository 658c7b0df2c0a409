// The documents that clients sign: what they are called, and which of their texts are in force.
import { t } from "../core/i18n.js";

const NAMES = {
  kap_treatment: () => t("Ketamine-assisted treatment"),
  privacy: () => t("Privacy practices"),
  telehealth: () => t("Sessions by video"),
  financial: () => t("What it costs"),
  release: () => t("Release of information"),
  spravato_rems: () => t("Spravato REMS"),
  psychotherapy_notes: () => t("Psychotherapy notes, by themselves"),
};
const TONGUES = { en: "English", es: "Español" }; // each in its own words: whoever reads it looks for that

export function documentName(key) {
  return NAMES[key]?.() ?? key;
}

export function tongue(language) {
  return TONGUES[language] ?? language;
}

const FOR = { guardian: () => t("as guardian"), proxy: () => t("as health care proxy") };

/** By which authority somebody signed for the client; nothing of clients themselves. */
export function signedFor(relationship) {
  return FOR[relationship]?.() ?? "";
}

/**
 * The documents that the clinic has, in the order in which they are asked for, each with the texts that are in force
 * today: one a language, the clinic's own before the one that ships.
 *
 * @param {Api["ConsentDocumentOut"][]} texts @param {string} today
 * @returns {[string, Api["ConsentDocumentOut"][]][]}
 */
export function inForce(texts, today) {
  const found = new Map();
  for (const row of texts) {
    if (row.effective_on > today) continue; // those that ship stand first, then the clinic's own, the first ones first
    found.set(row.document, new Map(found.get(row.document)).set(row.language, row));
  }
  const order = Object.keys(NAMES);
  const place = (key) => order.indexOf(key) + 1 || order.length + 1;
  return [...found].map(([key, byTongue]) => /** @type {any} */ ([key, [...byTongue.values()]])).sort((a, b) => place(a[0]) - place(b[0]));
}
