// One section of a note: its words, what it said last time, and phrases that "/" brings in.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { announce } from "../core/announce.js";
import { dayIn, dayShort } from "../core/time.js";
import { reframed, sectionName } from "./words.js";

const SLASH = /(^|\s)\/([\p{L}\p{N} _-]{0,30})$/u;
const MOST = 6;

/** @param {{name: string, text: string, last: any, zone: string, phrases: any, first: boolean, onText: (text: string) => void, onPhrases: () => void}} props */
export function Section({ name, text, last, zone, phrases, first, onText, onPhrases }) {
  const field = useRef(null);
  const menu = usePhrases({ field, phrases, onText });
  useEffect(() => {
    if (first && !text && !window.matchMedia("(max-width: 60rem)").matches) field.current.focus({ preventScroll: true });
  }, []);
  const id = `sec-${name.replaceAll(/\W/g, "-")}`;
  const before = last?.sections && lastWords(last, name);
  return html`<section class="sec">
    <div class="row top"><label class="grow" for=${id}><h2>${sectionName(name)}</h2></label>
      ${before && html`<details class="prev"><summary>${t("Last time, {day}", { day: dayShort(dayIn(last.session_starts_at, zone)) })}</summary><p>${before}</p></details>`}</div>
    <textarea class="ta" id=${id} ref=${field} rows="3" maxlength="20000" spellcheck=${true} value=${text}
      aria-autocomplete="list" aria-controls=${menu.rows ? `${id}-list` : undefined} aria-activedescendant=${menu.rows?.length ? `${id}-${menu.chosen}` : undefined}
      onInput=${menu.typed} onKeyDown=${menu.pressed} onClick=${menu.close} onBlur=${menu.close}></textarea>
    ${menu.rows && html`<div class="phr" onMouseDown=${(event) => event.preventDefault()}>
      <ul id=${`${id}-list`} role="listbox" aria-label=${t("Phrases")}>${menu.rows.map((row, i) => html`<li key=${row.id} id=${`${id}-${i}`} role="option" aria-selected=${i === menu.chosen} onClick=${() => menu.pick(row)}><b>${row.name}</b> <span class="quiet small cut">${row.text}</span></li>`)}</ul>
      ${!menu.rows.length && html`<p class="small quiet">${phrases.rows.length ? t("No phrase of yours begins so.") : t("You have no phrases yet.")}</p>`}
      <p class="small quiet row"><span class="grow">${t("↑ ↓ choose, Enter brings it in, Esc closes")}</span><button type="button" class="b bare s" onClick=${() => (menu.close(), onPhrases())}>${t("My phrases…")}</button></p>
    </div>`}
  </section>`;
}

/** What the last note said in this section, whatever its form. */
function lastWords(last, name) {
  if (last.sections[name]?.trim()) return last.sections[name];
  const frame = ["dap", "soap", "birp"].find((one) => name in reframed({ frame: last.frame, sections: last.sections }, one).sections);
  return frame && reframed({ frame: last.frame, sections: last.sections }, frame).sections[name]?.trim();
}

/** The list that "/" opens, by what follows it. */
function usePhrases({ field, phrases, onText }) {
  const [asked, ask] = useState(null); // {from, query}
  const [chosen, choose] = useState(0);
  const caret = useRef(null);
  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });
  const close = () => ask(null);
  const rows = asked && found(phrases.rows, asked.query);
  useEffect(() => {
    if (asked) announce(many(rows.length, "{n} phrase", "{n} phrases"));
  }, [rows?.length]);
  const typed = (event) => {
    const { value, selectionStart } = event.target;
    onText(value);
    const hit = SLASH.exec(value.slice(0, selectionStart));
    const open = hit && (hit[2] === "" || asked);
    ask(open ? { from: selectionStart - hit[2].length - 1, query: hit[2] } : null);
    choose(0);
  };
  const pick = (row) => {
    const { value, selectionStart } = field.current;
    const next = value.slice(0, asked.from) + row.text + value.slice(selectionStart);
    caret.current = asked.from + row.text.length;
    onText(next);
    close();
    field.current.focus();
  };
  const pressed = (event) => {
    if (!asked) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose((chosen + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % Math.max(1, rows.length));
    else if ((event.key === "Enter" || event.key === "Tab") && rows[chosen]) pick(rows[chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };
  return { rows, chosen, typed, pressed, pick, close };
}

function found(rows, query) {
  const text = query.trim().toLowerCase();
  const begins = rows.filter((row) => row.name.toLowerCase().startsWith(text));
  const within = rows.filter((row) => !begins.includes(row) && row.name.toLowerCase().includes(text));
  return [...begins, ...within].slice(0, MOST);
}
