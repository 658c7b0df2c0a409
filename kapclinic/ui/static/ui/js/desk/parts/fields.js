// Fields of a form, each with what is wrong with it beside it, and what is wrong on top with a link to each.
import { Icon, html, useEffect, useRef } from "../../core/h.js";
import { many } from "../../core/i18n.js";
import { byField, words } from "../../core/problem.js";

const idOf = (name) => `f-${name.replaceAll("/", "-")}`; // icons have ids too: a label for "phone" would find the icon

/** @param {{name: string, label: string, wrong?: Record<string, string>, hint?: string, options?: [string, string][], defaultValue?: any, [input: string]: any}} props and what the input itself takes */
export function Field({ name, label, wrong = {}, hint, options, defaultValue, ...input }) {
  const [id, bad] = [idOf(name), wrong[name]];
  const told = [bad && `${id}-bad`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined;
  const common = { id, name, "aria-describedby": told, "aria-invalid": bad ? "true" : undefined, ...input };
  const first = defaultValue === undefined ? {} : { defaultValue };
  return html`<div class=${bad ? "f bad" : "f"}>
    <label for=${id}>${label}</label>
    ${options
      ? html`<select ...${common}>${options.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === defaultValue || undefined}>${text}</option>`)}</select>`
      : html`<input autocomplete="off" ...${first} ...${common} />`}
    ${hint && html`<span class="hint" id=${`${id}-hint`}>${hint}</span>`}
    ${bad && html`<span class="err" id=${`${id}-bad`}><${Icon} name="stop" />${bad}</span>`}
  </div>`;
}

/** Field name -> what is wrong with it. */
export function wrongOf(problem) {
  return problem?.errors ? byField(problem) : {};
}

/** What the server refused: by field with links where it names fields, else in a sentence. It takes the focus. */
export function Faults({ problem, labels }) {
  const box = useRef(null);
  useEffect(() => {
    if (problem) box.current?.focus();
  }, [problem]);
  if (!problem) return null;
  const named = Object.entries(wrongOf(problem)).filter(([name]) => name in labels);
  if (!named.length) return html`<p class="note high" role="alert" tabindex="-1" ref=${box}><${Icon} name="stop" /><span>${words(problem)}</span></p>`;
  const go = (name) => (event) => {
    event.preventDefault();
    document.getElementById(idOf(name))?.focus();
  };
  return html`<div class="errors" role="alert" tabindex="-1" ref=${box}>
    <h2>${many(named.length, "{n} thing to put right", "{n} things to put right")}</h2>
    <ul>${named.map(([name, text]) => html`<li key=${name}><a href=${`#${idOf(name)}`} onClick=${go(name)}>${labels[name]}: ${text}</a></li>`)}</ul>
  </div>`;
}
