// The left half of the bedside: large keys, four numbers, sedation, and one button.
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { clock, countdown, hours, lasting, MINUTE, now } from "../core/time.js";
import { useNow } from "../frame/net.js";
import { worst } from "./bands.js";
import { EMPTY, FIELDS, MUST, body, deleted, entered, faults, isEmpty, judged, nextField, notObtainable, typed } from "./reading.js";
import { bandWord, checkWord, loudness, signName } from "./words.js";

const UNITS = { systolic: "mmHg", diastolic: "mmHg", heart_rate: "/min", spo2: "%" };
const SEDATION = () => [
  [5, "5", t("alert")],
  [4, "4", t("slow reply")],
  [3, "3", t("to loud voice")],
  [2, "2", t("to touch")],
  [1, "≤1", t("no reply")],
];
const WHY = {
  missing: () => t("measure it, or say: not obtained"),
  implausible: () => t("no device shows this"),
  reversed: () => t("below systolic"),
};

/** @param {{known: object, first?: object, onSave: (body: object) => Promise, onNotTaken: () => void, nextCheck?: object, zone: string}} props */
export function Entry({ known, first, onSave, onNotTaken, nextCheck, zone }) {
  const [entry, draw] = useState(first ?? EMPTY);
  const typedSoFar = useRef(entry); // two keys may come between two drawings: each starts from what the other left
  const [asked, ask] = useState(null); // the bands that want an action first
  const [told, tell] = useState({}); // what stopped the last try
  const at = useNow(1000);
  const busy = useRef(false);
  const change = (next) => {
    typedSoFar.current = next;
    draw(next);
  };
  /** @param {(entry: object) => object} act */
  const set = (act) => {
    change(act(typedSoFar.current));
    tell({});
  };

  async function save(action) {
    const whole = typedSoFar.current;
    const found = faults(whole);
    tell(found);
    if (Object.keys(found).length || busy.current) return change({ ...whole, active: Object.keys(found)[0] ?? whole.active });
    const when = whole.at ?? now(); // not the `at` that is drawn, which is up to a second old
    const bands = judged(whole, when, known);
    if (bands && loudness(worst(bands)) !== "ok" && action === undefined) return ask(bands);
    busy.current = true;
    change(EMPTY); // what is typed from now on is the next reading
    await onSave(body(whole, when, action));
    busy.current = false;
    return ask(null);
  }

  const enter = () => {
    const what = entered(typedSoFar.current);
    if (what === "save") save();
    else set((old) => (what === "stay" ? { ...old, moved: false } : { ...old, active: nextField(old.active) }));
  };
  const digits = Object.fromEntries([..."0123456789"].map((digit) => [digit, () => set((old) => typed(old, digit))]));
  useKeys({ ...digits, Backspace: () => set(deleted), Enter: enter, n: onNotTaken, N: onNotTaken });
  useEffect(() => {
    window.onbeforeunload = isEmpty(entry) ? null : (event) => event.preventDefault();
    return () => {
      window.onbeforeunload = null;
    };
  }, [entry]);

  return html`<section class="ent" aria-label=${t("New reading")}>
    <${Timer} check=${nextCheck} dosedAt=${known.dosedAt} stay=${known.stay} at=${at} zone=${zone} />
    <${Four} entry=${entry} told=${told} set=${set} />
    <${Pad} type=${(digit) => set((old) => typed(old, digit))} clear=${() => set((old) => ({ ...old, text: { ...old.text, [old.active]: "" } }))} back=${() => set(deleted)} />
    <${Sedation} value=${entry.sedation} set=${(value) => set((old) => ({ ...old, sedation: value === old.sedation ? null : value }))} />
    <div class="row">
      <${Taken} entry=${entry} at=${at} zone=${zone} set=${set} />
      <span class="grow"></span>
      <button type="button" class="b nt" onClick=${onNotTaken}>${t("Not taken…")} <kbd>n</kbd></button>
    </div>
    ${asked
      ? html`<${Ask} bands=${asked} missing=${entry.missing} onSave=${save} onBack=${() => ask(null)} />`
      : html`<button type="button" class="b go save" onClick=${() => save()}>${t("Save reading")} <kbd>Enter</kbd></button>`}
  </section>`;
}

function Timer({ check, dosedAt, stay, at, zone }) {
  const left = check ? Date.parse(check.planned_at) - at : null;
  const late = left !== null && left < 0;
  return html`<div class="timer">
    <div class=${late ? "late" : ""}>
      <span class="quiet">${late ? t("OVERDUE") : t("Next reading")}</span>
      <b role="timer">${left === null ? "–" : late ? lasting(-left) : countdown(left)}</b>
      <small class="quiet">${check ? checkWord(check, zone, late) : t("nothing due")}</small>
    </div>
    <div>
      <span class="quiet">${t("Since dose")}</span>
      <b class="t2" role="timer">${dosedAt === null ? "–" : hours(at - dosedAt)}</b>
      <small class="quiet">${stay ? t("at least {time}", { time: hours(stay * MINUTE) }) : ""}</small>
    </div>
  </div>`;
}

function Four({ entry, told, set }) {
  return html`<div class="four" role="radiogroup" aria-label=${t("Which number the keys fill")}>
    ${FIELDS.map((sign) => html`<${Box} key=${sign} sign=${sign} entry=${entry} why=${told[sign]} set=${set} />`)}
  </div>`;
}

function Box({ sign, entry, why, set }) {
  const active = entry.active === sign;
  const missing = entry.missing.includes(sign);
  const shown = missing ? t("no value") : entry.text[sign] || "–";
  return html`<div class="bi ${active ? "act" : ""} ${why ? "wrong" : ""}">
    <button type="button" role="radio" aria-checked=${active} onClick=${() => set((old) => ({ ...old, active: sign, moved: false }))} aria-describedby=${why ? `why-${sign}` : undefined}>
      <span>${signName(sign)}</span>
      <output class=${missing ? "word" : ""}>${shown}${active && !missing && html`<i></i>`}</output>
      <small>${UNITS[sign]}</small>
    </button>
    ${why && html`<small class="err" id=${`why-${sign}`} role="alert">${WHY[why]()}</small>`}
    ${MUST.includes(sign) &&
    html`<button type="button" class="nob" aria-pressed=${missing} onClick=${() => set((old) => notObtainable(old, sign))}>
      ${missing ? t("Obtained") : t("Not obtained")}<span class="vh"> ${signName(sign)}</span>
    </button>`}
  </div>`;
}

function Pad({ type, clear, back }) {
  return html`<div class="pad" role="group" aria-label=${t("Digits")}>
    ${[..."123456789"].map((digit) => html`<button type="button" key=${digit} onClick=${() => type(digit)}>${digit}</button>`)}
    <button type="button" class="aux" onClick=${clear}>${t("Clear")}</button>
    <button type="button" onClick=${() => type("0")}>0</button>
    <button type="button" class="aux" onClick=${back}><${Icon} name="left" /><span class="vh">${t("Delete")}</span></button>
  </div>`;
}

function Sedation({ value, set }) {
  return html`<fieldset class="sed">
    <span class="label" id="sedation">${t("Sedation")}</span>
    <div class="sg" role="radiogroup" aria-labelledby="sedation">
      ${SEDATION().map(([number, shown, words]) => html`<button type="button" role="radio" key=${number} aria-checked=${value === number} onClick=${() => set(number)}>
        ${shown}<small>${words}</small>
      </button>`)}
    </div>
  </fieldset>`;
}

/** Taken now, unless somebody says when: in steps of a minute, back at most to four hours. */
function Taken({ entry, at, zone, set }) {
  const [open, setOpen] = useState(false);
  const when = entry.at ?? at;
  const back = (minutes) => set((old) => ({ ...old, at: Math.min(at, (old.at ?? at) - minutes * MINUTE) }));
  if (!open) {
    const words = entry.at ? t("Taken at {time}", { time: clock(when, zone) }) : t("Taken now, {time}", { time: clock(when, zone) });
    return html`<button type="button" class="b tm" onClick=${() => setOpen(true)}><${Icon} name="wait" />${words}</button>`;
  }
  return html`<span class="row wrap" role="group" aria-label=${t("When it was taken")}>
    <button type="button" class="b tm" onClick=${() => back(5)}>−5</button>
    <button type="button" class="b tm" onClick=${() => back(1)}>−1</button>
    <b aria-live="polite">${clock(when, zone)}</b>
    <button type="button" class="b tm" onClick=${() => back(-1)}>+1</button>
    <button type="button" class="b tm" onClick=${() => (set((old) => ({ ...old, at: null })), setOpen(false))}>${t("Now")}</button>
  </span>`;
}

/** Out of band: measured again, or kept with what was done about it. */
function Ask({ bands, missing, onSave, onBack }) {
  const [action, setAction] = useState("");
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const loud = Object.entries(bands).filter(([, band]) => loudness(band) !== "ok");
  const level = loudness(worst(bands));
  return html`<form class="ask note ${level}" role="alertdialog" aria-labelledby="ask" onSubmit=${(event) => (event.preventDefault(), action.trim() && onSave(action.trim()))}>
    <b id="ask">${loud.map(([sign, band]) => `${signName(sign)}: ${missing.includes(sign) ? t("not obtained") : bandWord(band)}`).join(" · ")}</b>
    <label for="did">${t("What did you do about it?")}</label>
    <input id="did" ref=${field} required autocomplete="off" value=${action} onInput=${(event) => setAction(event.target.value)} />
    <span class="row">
      <button type="button" class="b" onClick=${onBack}>${t("Measure again")}</button>
      <button class="b go">${t("Save with this")}</button>
    </span>
  </form>`;
}
