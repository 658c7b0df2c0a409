// Dialogs that ask for a job: a file of what was issued or booked, or several superbills at once.
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { money } from "../core/cents.js";
import { Refused } from "./parts.js";
import { EXPORTS, jobName, spanName } from "./words.js";

/** @param {{period: any, here: any, onDone: (job: any) => void, onClose: () => void}} props */
export function AskExport({ period, here, onDone, onClose }) {
  const [form, set] = useState({ kind: EXPORTS[0], from: period.from, to: period.to, since: false });
  const write = useWrite(onDone);
  const reversed = form.from > form.to;
  const save = (event) => {
    event.preventDefault();
    if (reversed) return;
    write.write("exports/", { kind: form.kind, from_date: form.from, to_date: form.to, location: here.id, since_last: form.since });
  };
  const day = (name, label) => html`<div class="f"><label for=${`export-${name}`}>${label}</label><input id=${`export-${name}`} type="date" required value=${form[name]} onInput=${(event) => set({ ...form, [name]: event.target.value })} /></div>`;
  return html`<${Dialog} title=${t("Export")} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        <fieldset><legend>${t("What is exported")}</legend>${EXPORTS.map((kind) => html`<label class="opt" key=${kind}><input type="radio" name="kind" checked=${form.kind === kind} onChange=${() => set({ ...form, kind })} />${jobName({ kind })}</label>`)}</fieldset>
        <div class="pair">${day("from", t("From this day"))}${day("to", t("To this day"))}</div>
        ${reversed && html`<p class="note high" role="alert">${t("The last day is before the first.")}</p>`}
        <label class="opt"><input type="checkbox" checked=${form.since} onChange=${(event) => set({ ...form, since: event.target.checked })} />${t("Only what no export of this kind held before")}</label>
        <p class="small quiet">${here.name}</p>
        <${Refused} problem=${write.problem} />
      </div>
      <div class="df"><button type="button" class="b" onClick=${onClose}>${t("Not now")}</button><button class="b go" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Saving…") : t("Export")}</button></div>
    </form>
  <//>`;
}

/** Several superbills are issued at once: whose, of which days. @param {{rows: any[], total: number | null, period: any, here: any, onDone: (job: any) => void, onClose: () => void}} props */
export function AskRun({ rows, total, period, here, onDone, onClose }) {
  const clients = [...new Map(rows.map((row) => [row.client.id, row.client.name]))];
  const write = useWrite(onDone);
  const save = (event) => {
    event.preventDefault();
    write.write("superbill-runs/", { from_date: period.from, to_date: period.to, location: here.id, clients: clients.map(([id]) => id) });
  };
  return html`<${Dialog} title=${many(clients.length, "Issue {n} superbill", "Issue {n} superbills")} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        <p>${t("One for each, of what was charged from {span} and is on no superbill:", { span: spanName(period.from, period.to) })}</p>
        <ul class="names">${clients.map(([id, name]) => html`<li key=${id}>${name}</li>`)}</ul>
        <p>${t("Together")} <b class="mn">${money(total)}</b></p>
        <p class="small quiet">${t("Less what is above the fee: it stands on no paper until the medical director confirms it.")}</p>
        <p class="small quiet">${t("An issued superbill stays as it is: a mistake is mended by one that replaces it.")}</p>
        <${Refused} problem=${write.problem} />
      </div>
      <div class="df"><button type="button" class="b" onClick=${onClose}>${t("Not now")}</button><button class="b go" autofocus aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Saving…") : t("Issue them")}</button></div>
    </form>
  <//>`;
}
