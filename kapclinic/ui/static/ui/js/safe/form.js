// The parts that the safe's forms share: a field with its fault, a moment on the clinic's wall, one write at a time.
import { announce } from "../core/announce.js";
import { call } from "../core/api.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Problem, byField, words } from "../core/problem.js";
import { clock, dayIn, instant, now } from "../core/time.js";
import { useIntent, useOnce } from "../core/intent.js";

/** @param {{id: string, label: string, value: string, set: (text: string) => void, wrong?: string, hint?: string, children?: any, [input: string]: any}} props more goes to the input */
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

/** "2026-11-29T08:30" as a wall of the zone shows it. */
export function wall(at, zone) {
  return `${dayIn(at, zone)}T${clock(at, zone)}`;
}

/** Is it such a text, or empty, which means now? */
export function readable(text) {
  return !text || /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d$/.test(text);
}

/** A day and a time of day, by the clinic's clock and of 24 hours whatever the browser prefers. `value`: "" is now. */
export function When({ id, label, value, set, zone, wrong }) {
  const [day, time] = (value || wall(now(), zone)).split("T");
  return html`<div class="two">
    <${Field} id=${`${id}-day`} type="date" label=${label} max=${dayIn(now(), zone)} value=${day} wrong=${wrong} set=${(text) => set(`${text}T${time}`)} />
    <${Field} id=${`${id}-time`} label=${t("Time of day, as 14:30")} inputmode="numeric" maxlength="5" value=${time} wrong=${readable(value) ? "" : t("Hours and minutes, as 14:30.")} set=${(text) => set(`${day}T${text}`)} />
  </div>`;
}

/** The moment of such a text, never later than now: a wall shows whole minutes. */
export function momentOf(text, zone) {
  const [day, time] = text.split("T");
  return new Date(Math.min(instant(day, time, zone), now())).toISOString();
}

/**
 * One write of a form: `send(path, body)`, where `body` may be a function of the moment at which it is first sent. A
 * press too many acts once. `onDone` hears the answer, or null when the first try acted and its answer was lost.
 *
 * @returns {{busy: boolean, problem: any, errors: object, words: string, send: Function, clear: Function}}
 */
export function useWrite(form, onDone) {
  const [state, tell] = useState({ busy: false, problem: null });
  const intent = useIntent(form);
  const once = useOnce();
  const send = (path, body) =>
    once(async () => {
      tell({ busy: true, problem: null });
      const { key, at } = intent.sent();
      try {
        const { data } = await call("POST", path, { body: typeof body === "function" ? body(at) : body, key });
        tell({ busy: false, problem: null });
        announce(t("The server has it."));
        await onDone(data);
      } catch (problem) {
        if (intent.acted(problem)) return onDone(null);
        tell({ busy: false, problem });
      }
      return undefined;
    });
  const errors = state.problem instanceof Problem ? byField(state.problem) : {};
  return { ...state, errors, words: state.problem ? words(state.problem) : "", send, clear: () => tell({ busy: false, problem: null }) };
}

/** What the server said, once, above the button. */
export function Refusal({ write }) {
  return write.problem && html`<p class="note high" role="alert">${write.words}</p>`;
}
