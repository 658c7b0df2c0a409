// A form in a dialog and its one write: what is wrong beside each field, what somebody else wrote meanwhile beside what is
// typed, and the sessions that a change would leave behind.
import { announce } from "../core/announce.js";
import { get } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { Problem } from "../core/problem.js";
import { when } from "../desk/parts/pane.js";
import { Faults, wrongOf } from "../desk/parts/fields.js";
import { fieldName, valueText } from "./words.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** A refusal of what was typed, before anything is sent. */
export function wrong(name, detail) {
  return new Problem({ status: 400, code: "invalid", title: detail, errors: [{ pointer: `/${name}`, detail }] });
}

/** A whole number as it was typed. @throws {Problem} for anything else */
export function wholeIn(form, name) {
  const text = String(form.get(name) ?? "").trim();
  if (!/^\d{1,4}$/.test(text)) throw wrong(name, t("Type a whole number."));
  return Number(text);
}

/** Of a body, the fields in which it differs from the row that the form was filled from. */
function changed(body, row) {
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => !same(value, row[name])));
}

/**
 * The write of a form. `row` is what it was filled from, null for something new; only what differs from it is sent.
 *
 * @param {{path: string, method: string, row: any, tag?: string, onDone: (answer: any) => void, onClose: () => void}} props
 */
function useSave({ path, method, row, tag, onDone, onClose }) {
  const [base, rebase] = useState(row);
  const [theirs, show] = useState(null);
  const last = useRef(null);
  const writing = useWrite((answer) => {
    announce(t("It is on the server."));
    onDone(answer);
  });
  function send(body, over) {
    last.current = body;
    show(null);
    const match = method === "PATCH" ? `"${over.version}"` : tag;
    writing.write(path, body, { method, match });
  }
  useEffect(() => {
    if (writing.problem?.status !== 412 || method !== "PATCH") return;
    get(path).then((now) => {
      const clash = Object.keys(last.current).filter((name) => name in now && !same(now[name], base[name]) && !same(now[name], last.current[name]));
      rebase(now);
      if (clash.length) show({ now, names: clash, mine: last.current });
      else send(last.current, now); // what changed is nothing of what was typed
    }, writing.fail);
  }, [writing.problem]);
  return {
    ...writing,
    theirs,
    save(body) {
      const rest = method === "PATCH" ? changed(body, row) : body;
      if (method === "PATCH" && !Object.keys(rest).length) return onClose();
      return send(rest, base);
    },
    anyway: () => send(last.current, base),
    leave: () => send({ ...last.current, leave_unresolved: true }, base),
  };
}

/**
 * `bodyOf` answers the body, or throws what `wrong` makes.
 *
 * @param {{title: string, verb: string, path: string, method?: string, row?: any, tag?: string, labels: Record<string, string>,
 *   bodyOf: (form: FormData) => any, onDone: (answer: any) => void, onClose: () => void, wide?: boolean, names?: Map<string, string>,
 *   zone?: string, refusal?: (problem: any) => string, children: (wrong: Record<string, string>) => any}} props
 */
export function Form({ title, verb, path, method = "POST", row = null, tag, labels, bodyOf, onDone, onClose, wide, names, zone = "UTC", refusal, children }) {
  const saving = useSave({ path, method, row, tag, onDone, onClose });
  const problem = saving.problem;
  const left = problem?.code === "unresolved_sessions" && !refusal;
  const told = refusal?.(problem);
  function send(event) {
    event.preventDefault();
    try {
      saving.save(bodyOf(new FormData(event.target)));
    } catch (refused) {
      if (!(refused instanceof Problem)) throw refused;
      saving.fail(refused);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose} wide=${wide}>
    <form onSubmit=${send} novalidate>
      <div class="db">
        ${told ? html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${told}</span></p>` : (problem?.status !== 412 || method !== "PATCH") && !left && html`<${Faults} problem=${problem} labels=${labels} />`}
        ${saving.theirs && html`<${Theirs} theirs=${saving.theirs} names=${names} onTake=${() => onDone(saving.theirs.now)} onMine=${saving.anyway} />`}
        ${left && html`<${Left} problem=${problem} zone=${zone} onLeave=${saving.leave} busy=${saving.busy} />`}
        ${children(wrongOf(problem))}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" disabled=${saving.busy || undefined}>${saving.busy ? t("Saving…") : verb}</button>
      </div>
    </form>
  <//>`;
}

/** Somebody was first: theirs, which are kept, beside what is typed, and two verbs. */
function Theirs({ theirs, names, onTake, onMine }) {
  const box = useRef(null);
  useEffect(() => box.current.focus(), [theirs]);
  return html`<div class="note med" role="alert" tabindex="-1" ref=${box}><div class="stack grow">
    <b>${t("Somebody changed this while you typed.")}</b>
    <div class="scroll"><table class="list"><thead><tr><th>${t("What")}</th><th>${t("Theirs, on the server")}</th><th>${t("Yours, not saved")}</th></tr></thead>
      <tbody>${theirs.names.map((name) => html`<tr key=${name}><td>${fieldName(name)}</td><td>${valueText(theirs.now[name], names)}</td><td>${valueText(theirs.mine[name], names)}</td></tr>`)}</tbody></table></div>
    <div class="row wrap"><button type="button" class="b" onClick=${onTake}>${t("Keep theirs")}</button><button type="button" class="b" onClick=${onMine}>${t("Write yours over it")}</button></div>
  </div></div>`;
}

/** Sessions are booked on what would go: an administrator decides nothing about them, but may leave them to the desk. */
function Left({ problem, zone, onLeave, busy }) {
  const { unresolved = [], elsewhere = 0 } = problem.extra;
  const box = useRef(null);
  useEffect(() => box.current.focus(), [problem]);
  const n = unresolved.length + elsewhere;
  return html`<div class="note med" role="alert" tabindex="-1" ref=${box}><${Icon} name="warn" /><div class="stack grow">
    <b>${many(n, "{n} session is booked on this", "{n} sessions are booked on this")}</b>
    ${unresolved.length > 0 && html`<p>${unresolved.map((one) => when(one.starts_at, zone)).join(" · ")}</p>`}
    <p>${t("Left as they are, they keep their time, and the front desk finds them on its list of what is to be done.")}</p>
    <div><button type="button" class="b" disabled=${busy || undefined} onClick=${onLeave}>${t("Change it, and leave them to the front desk")}</button></div>
  </div></div>`;
}

/** Boxes to tick; read with `form.getAll(name)`. @param {{name: string, label: string, options: [string, string][], chosen: string[], wrong?: Record<string, string>, hint?: string}} props */
export function Ticks({ name, label, options, chosen, wrong: wrongs = {}, hint }) {
  const bad = wrongs[name];
  return html`<fieldset class=${bad ? "f bad" : "f"} id=${`f-${name}`} tabindex="-1">
    <legend class="label">${label}</legend>
    <div class="row wrap">${options.map(([value, text]) => html`<label class="opt" key=${value}><input type="checkbox" name=${name} value=${value} defaultChecked=${chosen.includes(value)} />${text}</label>`)}</div>
    ${hint && html`<span class="hint">${hint}</span>`}
    ${bad && html`<span class="err"><${Icon} name="stop" />${bad}</span>`}
  </fieldset>`;
}

/** One box; read with `form.has(name)`. */
export function Tick({ name, label, on }) {
  return html`<label class="opt"><input type="checkbox" name=${name} defaultChecked=${on} />${label}</label>`;
}

/** What was typed into a field. */
export function text(form, name) {
  return String(form.get(name) ?? "").trim();
}
