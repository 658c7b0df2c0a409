// Words: English stands in the code, another language in `words/<code>/`, which the shell loads first.

export const language = document.documentElement.lang || "en";
const words = new Map();

/** @param {Record<string, string>} entries English -> this language */
export function learn(entries) {
  for (const [english, other] of Object.entries(entries)) words.set(english, other);
}

/** `t("Due at {time}", { time })`: the sentence in the page's language, its gaps filled in. */
export function t(english, values) {
  const text = words.get(english) ?? english;
  return values ? text.replace(/\{(\w+)\}/g, (gap, name) => (name in values ? String(values[name]) : gap)) : text;
}

/** One of two sentences by a number, which fills `{n}`. */
export function many(n, one, more, values) {
  return t(n === 1 ? one : more, { n, ...values });
}

/** Choose a language for this device; pages opened from now on speak it. */
export function speak(code) {
  document.cookie = `kap_lang=${code}; path=/; max-age=31536000; samesite=lax`;
  location.reload();
}

let api = null;
let asked = null;

/** Fetch what the API says in English; until it is here the API's words stand. */
export function learnTold() {
  if (language === "es") asked ??= import("../words/es/told.js").then((found) => (api = found), () => (asked = null));
  return asked;
}

/** A fixed sentence of the API. @param {string} english */
export const told = (english) => api?.TOLD[english] ?? english;

/** What a gate of a dose is called. @param {{code: string, label: string}} gate */
export const gateName = (gate) => api?.GATES[gate.code] ?? gate.label;

/** Why something is refused, or null. @param {{code?: string, detail?: string}} one */
export const refusal = (one) => api?.refusal(one) ?? null;
