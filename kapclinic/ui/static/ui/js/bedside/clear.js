// Clearing a gate at the bedside, or deciding otherwise.
import { call } from "../core/api.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";
import { words } from "../core/problem.js";
import { dayIn, addDays, instant, now } from "../core/time.js";
import { useIntent, useOnce } from "../core/intent.js";

// Gates that a clinician's yes or no of the day clears; the API calls the word by the gate's own name.
const ASKED = [
  "identifiers",
  "not_intoxicated",
  "contraindications",
  "pregnancy_test",
  "drug_screen",
  "pdmp",
  "equipment",
  "rems_enrolment",
  "no_fluids",
  "no_nasal_spray",
  "chaperone_trained",
  "video_on",
];

// Gates that are cleared quickly one after another: each is written when the one before is, so none overtakes another.
let before = Promise.resolve();

/** Writes a part of the session upon whatever version it has now: nobody else's part is touched by it. */
function usePatch(session, onDone) {
  const [state, tell] = useState({ busy: false, problem: null });
  const once = useOnce();
  async function write(body, tries) {
    const { tag } = await call("GET", `sessions/${session.id}/`);
    try {
      await call("PATCH", `sessions/${session.id}/`, { body, match: tag });
    } catch (problem) {
      if (problem.status !== 412 || tries < 1) throw problem;
      await write(body, tries - 1);
    }
  }
  const save = (body) =>
    once(async () => {
      tell({ busy: true, problem: null });
      try {
        await (before = before.catch(() => {}).then(() => write(body, 2)));
        tell({ busy: false, problem: null });
        onDone();
      } catch (problem) {
        tell({ busy: false, problem });
      }
    });
  return { ...state, save };
}

/** @param {{gate: any, session: any, zone: string, onDone: () => void}} props */
export function Clear({ gate, session, zone, onDone }) {
  const patch = usePatch(session, onDone);
  const parts = { fasting: Fasting, weight: Weight, escort: Ride };
  const Part = ASKED.includes(gate.code) ? YesNo : parts[gate.code];
  const may = Part && gate.who_can_clear.some((role) => has(role));
  if (!may && !gate.overridable_by.some((role) => has(role))) return null;
  return html`<div class="clear">
    ${may && html`<${Part} gate=${gate} session=${session} zone=${zone} patch=${patch} />`}
    ${gate.overridable_by.some((role) => has(role)) && html`<${Otherwise} gate=${gate} session=${session} onDone=${onDone} />`}
    ${patch.problem && html`<p class="err" role="alert">${words(patch.problem)}</p>`}
  </div>`;
}

function YesNo({ gate, patch }) {
  const say = (value) => () => patch.save({ attestations: { [gate.code]: value } });
  return html`<button type="button" class="b" disabled=${patch.busy || undefined} onClick=${say(true)}>${patch.busy ? t("Saving…") : t("Yes, looked at now")}</button>
    <button type="button" class="b bare" disabled=${patch.busy || undefined} onClick=${say(false)}>${t("No")}</button>`;
}

/** The moment of a clock time that has been: today, or yesterday where it would lie ahead. */
function lastAt(time, zone) {
  const today = instant(dayIn(now(), zone), time, zone);
  const at = today <= now() ? today : instant(addDays(dayIn(now(), zone), -1), time, zone);
  return new Date(at).toISOString();
}

function Fasting({ gate, zone, patch }) {
  const [time, set] = useState("");
  return html`<label for=${`clear-${gate.code}`}>${t("Last solid food at")}</label>
    <input id=${`clear-${gate.code}`} type="time" value=${time} onInput=${(event) => set(event.target.value)} />
    <button type="button" class="b" disabled=${!time || patch.busy || undefined} onClick=${() => patch.save({ fasting_since: lastAt(time, zone) })}>${patch.busy ? t("Saving…") : t("Note it")}</button>`;
}

/** A weight far from the last one waits for a clinician's word that it is right. */
function Weight({ gate, session, patch }) {
  const [kg, set] = useState("");
  return html`<label for=${`clear-${gate.code}`}>${t("Weight, kg")}</label>
    <input id=${`clear-${gate.code}`} inputmode="decimal" size="6" value=${kg} onInput=${(event) => set(event.target.value.replace(",", "."))} />
    <button type="button" class="b" disabled=${!kg || patch.busy || undefined} onClick=${() => patch.save({ weight_kg: kg })}>${patch.busy ? t("Saving…") : t("Note it")}</button>
    ${session.weight_kg && session.weight_confirmed === false && html`<button type="button" class="b" onClick=${() => patch.save({ confirm_weight: true })}>${t("{kg} kg is right", { kg: Number(session.weight_kg) })}</button>`}`;
}

function Ride({ session, patch }) {
  const [who, set] = useState({ name: session.escort?.name ?? "", phone: session.escort?.phone ?? "" });
  const input = (name, label, type) => html`<label for=${`clear-ride-${name}`}>${label}</label>
    <input id=${`clear-ride-${name}`} type=${type} autocomplete="off" value=${who[name]} onInput=${(event) => set({ ...who, [name]: event.target.value })} />`;
  return html`${input("name", t("Who takes them home"), "text")}${input("phone", t("Their phone"), "tel")}
    <button type="button" class="b" disabled=${!who.name.trim() || !who.phone.trim() || patch.busy || undefined} onClick=${() => patch.save({ escort: { ...session.escort, ...who } })}>${patch.busy ? t("Saving…") : t("Note it")}</button>`;
}

/** On one's own responsibility, with a reason that stays in the record. */
function Otherwise({ gate, session, onDone }) {
  const [reason, set] = useState(null);
  const [state, tell] = useState({ busy: false, problem: null });
  const intent = useIntent({ reason });
  const once = useOnce();
  if (reason === null) return html`<button type="button" class="b bare" onClick=${() => set("")}>${t("Decide otherwise…")}</button>`;
  async function save() {
    tell({ busy: true, problem: null });
    try {
      await call("POST", `sessions/${session.id}/override/`, { body: { gate: gate.code, reason }, key: intent.sent().key });
      onDone();
    } catch (problem) {
      if (intent.acted(problem)) return onDone();
      tell({ busy: false, problem });
    }
  }
  return html`<div class="f"><label for=${`why-${gate.code}`}>${t("Why is it safe all the same? Your name stands with it.")}</label>
    <textarea id=${`why-${gate.code}`} rows="2" value=${reason} onInput=${(event) => set(event.target.value)}></textarea>
    <div class="row"><button type="button" class="b" disabled=${reason.trim().length < 3 || state.busy || undefined} onClick=${() => once(save)}>${state.busy ? t("Saving…") : t("Decide so")}</button>
    <button type="button" class="b bare" onClick=${() => set(null)}>${t("Not now")}</button></div>
    ${state.problem && html`<p class="err" role="alert">${words(state.problem)}</p>`}</div>`;
}
