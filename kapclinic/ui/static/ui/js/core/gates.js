// What the gates of a dose are called. The API says it in English; another language is fetched when gates are first shown.
import { language } from "./i18n.js";

let names = {};

/** Know the names of this page's language; without them the API's stand. */
export async function learnGates() {
  if (language === "es") names = (await import("../words/es/gates.js").catch(() => null))?.GATES ?? {};
}

/** @param {{code: string, label: string}} gate */
export function gateName(gate) {
  return names[gate.code] ?? gate.label;
}
