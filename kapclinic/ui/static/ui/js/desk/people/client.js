// A new client: what the clinic must know of them, and whether they are here already, before a second row is made.
import { announce } from "../../core/announce.js";
import { Dialog } from "../../core/dialog.js";
import { html, useState } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { Faults, wrongOf } from "../parts/fields.js";
import { useWrite } from "../../core/intent.js";
import { candidates } from "./alike.js";
import { bodyOf, Form, LABELS } from "./form.js";
import { nameOf, picked } from "./names.js";
import { Same } from "./same.js";

/**
 * @param {{here: object, onKnown: (client: object) => void, onNew: (client: object) => void, onClose: () => void}} props
 *   `onKnown`: it is somebody who is here already; `onNew`: registered, and a course is to be opened
 */
export function NewClient({ here, onKnown, onNew, onClose }) {
  const [values, keep] = useState({});
  const [step, go] = useState({ at: "form", rows: [], row: null });
  const saving = useWrite((row) => {
    const known = new Set(step.rows.map((one) => one.id)); // who was said to be somebody else
    const rows = (row.warnings.find((one) => one.code === "likely_duplicate")?.candidates ?? []).filter((one) => !known.has(one.id));
    announce(t("Registered: {name}", { name: nameOf(row) }));
    go({ at: "done", rows, row });
  });
  const [looking, look] = useState(false);

  async function submit(event) {
    event.preventDefault();
    if (looking || saving.busy) return;
    const given = Object.fromEntries(new FormData(event.target));
    keep(given);
    const body = bodyOf(given, here);
    look(true);
    saving.clear();
    try {
      const rows = await candidates(body);
      look(false);
      if (rows.length) go({ at: "same", rows, row: null });
      else saving.write("clients/", body);
    } catch (problem) {
      look(false);
      saving.fail(problem);
    }
  }
  const register = () => saving.write("clients/", bodyOf(values, here));
  const known = (row) => onKnown(picked(row));
  return html`<${Dialog} title=${t("New client")} onClose=${onClose} wide>
    ${step.at === "form" && html`<${Filled} values=${values} problem=${saving.problem} waits=${looking ? t("Looking whether they are here…") : saving.busy && t("Saving…")} here=${here} onSubmit=${submit} onClose=${onClose} />`}
    ${step.at === "same" &&
    html`<${Same} rows=${step.rows} problem=${saving.problem} busy=${saving.busy} onKnown=${known} onBack=${() => go({ ...step, at: "form" })} onOther=${register} />`}
    ${step.at === "done" && html`<${Done} row=${step.row} rows=${step.rows} onKnown=${known} onNew=${() => onNew(picked(step.row))} onClose=${onClose} />`}
  <//>`;
}

function Filled({ values, problem, waits, here, onSubmit, onClose }) {
  return html`<form onSubmit=${onSubmit}>
    <div class="db">
      <${Faults} problem=${problem} labels=${LABELS()} />
      <${Form} values=${values} wrong=${wrongOf(problem)} here=${here} />
    </div>
    <div class="df">
      <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
      <button class="b go" disabled=${!!waits || undefined}>${waits || t("Register the client")}</button>
    </div>
  </form>`;
}

/** Registered. What the server warns of is said; nothing of it undoes the row. */
function Done({ row, rows, onKnown, onNew, onClose }) {
  const silent = row.warnings.some((one) => one.code === "sms_unreachable");
  return html`<div class="db">
      <p><b>${nameOf(row)}</b> <span class="quiet">${row.mrn}</span></p>
      <p>${t("Registered. A course is opened next, then it is booked.")}</p>
      ${silent && html`<p class="note med">${t("No SMS can reach this phone number. E-mail and calls are not affected.")}</p>`}
      ${rows.length > 0 &&
      html`<div class="note med"><span>${t("They may be here twice. If it is one of these, book with that one, and tell the medical director, who can join the two.")}</span></div>
        <ul class="stack">${rows.map((one) => html`<li key=${one.id}><button type="button" class="opt wide" onClick=${() => onKnown(one)}><b class="grow">${nameOf(one)}</b><span class="small quiet">${one.mrn}</span></button></li>`)}</ul>`}
    </div>
    <div class="df">
      <button type="button" class="b" onClick=${onClose}>${t("Close")}</button>
      <button type="button" class="b go" onClick=${onNew}>${t("Open a course")}</button>
    </div>`;
}
