// The parts that every decision shares: words to one thing, one choice of a few, one button, and what was refused.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { byField, words } from "../core/problem.js";

export const SHORTEST = 3; // letters: the API takes no fewer for a reason

/** Is this too little to be a reason? */
export function tooShort(text) {
  return text.trim().length < SHORTEST;
}

/** @param {{id: string, label: string, value: string, set: (text: string) => void, wrong?: string, rows?: number, hint?: string}} props */
export function Words({ id, label, value, set, wrong, rows = 2, hint }) {
  const about = wrong ? `${id}-wrong` : hint ? `${id}-hint` : undefined;
  return html`<div class=${wrong ? "f bad" : "f"}>
    <label for=${id}>${label}</label>
    <textarea id=${id} rows=${rows} class="field" value=${value} aria-describedby=${about} aria-invalid=${wrong ? "true" : undefined} onInput=${(event) => set(event.target.value)} />
    ${hint && !wrong && html`<span class="hint" id=${about}>${hint}</span>`}
    ${wrong && html`<span class="err" id=${about} role="alert">${wrong}</span>`}
  </div>`;
}

/** @param {{id: string, label: string, value: string, set: (text: string) => void, wrong?: string, hint?: string, children?: any, [more: string]: any}} props */
export function Field({ id, label, value, set, wrong, hint, children, ...more }) {
  const about = wrong ? `${id}-wrong` : hint ? `${id}-hint` : undefined;
  const typed = (event) => set(event.target.value);
  return html`<div class=${wrong ? "f bad" : "f"}>
    <label for=${id}>${label}</label>
    ${children
      ? html`<select id=${id} value=${value} aria-describedby=${about} onChange=${typed}>${children}</select>`
      : html`<input id=${id} autocomplete="off" value=${value} aria-describedby=${about} aria-invalid=${wrong ? "true" : undefined} onInput=${typed} ...${more} />`}
    ${hint && !wrong && html`<span class="hint" id=${about}>${hint}</span>`}
    ${wrong && html`<span class="err" id=${about} role="alert">${wrong}</span>`}
  </div>`;
}

/**
 * One of a few, each with what follows from it. One that can't be chosen stays in its place, with the reason.
 *
 * @param {{label: string, options: {value: string, word: string, hint: string, off?: boolean}[], value: string, set: (value: string) => void}} props
 */
export function Choice({ label, options, value, set }) {
  return html`<fieldset class="opts3"><legend class="vh">${label}</legend>
    ${options.map(
      (one) => html`<label key=${one.value} class=${`opt${one.off ? " off" : ""}${value === one.value ? " on" : ""}`}>
        <input type="radio" name="choice" class="vh" value=${one.value} checked=${value === one.value} aria-disabled=${one.off ? "true" : undefined}
          onClick=${(event) => (one.off ? event.preventDefault() : set(one.value))} />
        <span>${one.word}</span><small>${one.hint}</small>
      </label>`,
    )}
  </fieldset>`;
}

/** What the server said to a write: once, above the button, with each field's own fault. */
export function Refusal({ problem, children }) {
  if (!problem) return null;
  const faults = Object.values(problem.errors?.length ? byField(problem) : {});
  return html`<div class="note high" role="alert"><${Icon} name="warn" /><div>
    <p>${words(problem)}</p>
    ${faults.length > 0 && html`<ul>${faults.map((one) => html`<li key=${one}>${one}</li>`)}</ul>`}
    ${children}
  </div></div>`;
}

/** Where the words are, in words. */
export function Where({ write, dirty }) {
  if (write.busy) return html`<span class="small quiet">${t("Sending")}</span>`;
  if (write.problem?.passing) return html`<span class="small quiet">${t("Not sent: what you wrote is on this page alone.")}</span>`;
  return dirty ? html`<span class="small quiet">${t("On this page alone until you send it.")}</span>` : null;
}

/** The form around a decision: Ctrl or Command with Enter sends it. */
export function Form({ onSend, label, children }) {
  const press = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    onSend();
  };
  const submit = (event) => {
    event.preventDefault();
    onSend();
  };
  return html`<form class="de-f" aria-label=${label} noValidate onSubmit=${submit} onKeyDown=${press}>${children}</form>`;
}

/** Go to the first field that is at fault, once it is drawn. */
export function toFault() {
  setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector(".pr [aria-invalid=true]"))?.focus(), 50);
}

/** The page's one filled button. */
export function Send({ busy, word }) {
  return html`<button class="b go xl" aria-disabled=${busy ? "true" : undefined}>${busy ? t("Sending") : word} <kbd>⌘ ↵</kbd></button>`;
}
