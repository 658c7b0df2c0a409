// The clinic's consent texts, by document and language: which is in force today, which comes, and all that there were.
import { all } from "../core/api.js";
import { useLoaded } from "../care/loaded.js";
import { inForce } from "../links/documents.js";

export const LANGUAGES = ["en", "es"]; // those that a text may be written in

/** All texts, those that ship first, then the clinic's own, the first ones first. */
export function useTexts() {
  return useLoaded("texts", () => all("consent-documents/", {}));
}

/**
 * One row for each document and language: `texts` the newest first, `now` the one in force today, `coming` one that
 * is written and begins later. A language without any text has its row too.
 *
 * @param {Api["ConsentDocumentOut"][]} texts @param {string} today
 */
export function rowsOf(texts, today) {
  const documents = inForce(texts, today).map(([document]) => document);
  return documents.flatMap((document) => LANGUAGES.map((language) => rowOf(texts, document, language, today)));
}

function rowOf(texts, document, language, today) {
  const own = texts.filter((one) => one.document === document && one.language === language);
  const now = own.filter((one) => one.effective_on <= today).at(-1) ?? null;
  const coming = own.filter((one) => one.effective_on > today).at(-1) ?? null;
  return { id: `${document}-${language}`, document, language, texts: [...own].reverse(), now, coming };
}

/** What is shown of a row at first: the text in force, else the one that comes. */
export function shownOf(row, version) {
  return row.texts.find((one) => one.version === version) ?? row.now ?? row.coming;
}

/** The version after the newest one, where they are counted. */
export function nextVersion(row) {
  const numbers = row.texts.map((one) => one.version);
  if (!numbers.every((one) => /^\d{1,9}$/.test(one))) return "";
  return String(Math.max(0, ...numbers.map(Number)) + 1);
}
