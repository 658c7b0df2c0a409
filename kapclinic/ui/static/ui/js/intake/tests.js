// Results of tests: pregnancy, drugs, liver, thyroid, ECG, urine. How long each counts is the protocol's.
import { all } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { words } from "../core/problem.js";
import { clock, dayIn, instant, now } from "../core/time.js";
import { useLoaded } from "../care/loaded.js";
import { Field, Refusal, Words, toFault, tooShort } from "../care/parts.js";
import { when } from "../care/who.js";

const KINDS = {
  urine_hcg: () => t("Pregnancy test (urine hCG)"),
  drug_screen: () => t("Drug screen"),
  liver: () => t("Liver"),
  tsh: () => t("Thyroid (TSH)"),
  ecg: () => t("ECG"),
  urinalysis: () => t("Urinalysis"),
};
const RESULTS = {
  negative: () => t("negative"),
  positive: () => t("positive"),
  normal: () => t("normal"),
  abnormal: () => t("abnormal"),
  inconclusive: () => t("inconclusive"),
};
const resultsOf = (kind) => (["urine_hcg", "drug_screen"].includes(kind) ? ["negative", "positive", "inconclusive"] : ["normal", "abnormal", "inconclusive"]);

export function Tests({ about }) {
  const loaded = useLoaded(`tests ${about.client}`, () => all("lab-results/", { client: about.client }));
  const [voiding, take] = useState(null);
  const rows = /** @type {Api["LabResultOut"][]} */ (loaded.data ?? []);
  return html`<div class="stack narrow"><h2 class="h1">${t("Tests")}</h2>
    ${loaded.problem && html`<p class="note high" role="alert">${words(loaded.problem)}</p>`}
    <${Entry} about=${about} onDone=${loaded.again} />
    ${rows.length > 0 && html`<div class="card scroll"><table class="list"><thead><tr><th scope="col">${t("When")}</th><th scope="col">${t("Test")}</th><th scope="col">${t("Result")}</th><th scope="col">${t("Counts until")}</th><th><span class="vh">${t("Void")}</span></th></tr></thead><tbody>
      ${rows.map((row) => html`<tr key=${row.id} class=${row.voided ? "off" : ""}><td>${when(row.taken_at, about.zone)}</td><td>${KINDS[row.kind]?.() ?? row.kind}</td><td><b>${RESULTS[row.result]?.() ?? row.result}</b> ${row.value ? `${Number(row.value)} ${row.unit}` : ""}${row.voided && html`<br /><span class="small">${t("taken back")}: ${row.voided.reason}</span>`}</td><td>${row.voided ? "" : when(row.counts_until, about.zone)}</td>
        <td>${row.allowed_moves.includes("void") && html`<button type="button" class="b s" onClick=${() => take(row)}>${t("Take back")}</button>`}</td></tr>`)}</tbody></table></div>`}
    ${loaded.data && !rows.length && html`<p class="quiet">${t("No result yet.")}</p>`}
    ${voiding && html`<${Voiding} row=${voiding} onDone=${() => (take(null), loaded.again())} onClose=${() => take(null)} />`}
  </div>`;
}

const EMPTY = { kind: "urine_hcg", result: "", value: "", unit: "" };

function Entry({ about, onDone }) {
  const at = { day: dayIn(now(), about.zone), time: clock(now(), about.zone) };
  const [form, set] = useState({ ...EMPTY, ...at });
  const [tried, tell] = useState(false);
  const write = useWrite(() => (set({ ...EMPTY, ...at }), tell(false), onDone()));
  const change = (more) => set({ ...form, ...more });
  const errors = Object.fromEntries((write.problem?.errors ?? []).map((one) => [one.pointer.slice(1), one.detail]));
  const faults = { result: !form.result, time: !/^([01]\d|2[0-3]):[0-5]\d$/.test(form.time), value: !!form.value.trim() && !/^\d+([.,]\d{1,3})?$/.test(form.value.trim()) };
  function send(event) {
    event.preventDefault();
    tell(true);
    if (Object.values(faults).some(Boolean)) return toFault();
    const taken = new Date(Math.min(instant(form.day, form.time, about.zone), now())).toISOString();
    return write.write("lab-results/", { client: about.client, kind: form.kind, result: form.result, value: form.value.trim().replace(",", ".") || null, unit: form.unit.trim(), taken_at: taken });
  }
  const field = (name, label, more) => html`<${Field} id=${`t-${name}`} label=${label} value=${form[name]} set=${(value) => change({ [name]: value })} ...${more} />`;
  return html`<form class="card pad" noValidate onSubmit=${send}>
    <div class="two"><${Field} id="t-kind" label=${t("Test")} value=${form.kind} set=${(kind) => change({ kind, result: "" })}>${Object.entries(KINDS).map(([key, say]) => html`<option key=${key} value=${key}>${say()}</option>`)}<//>
      <${Field} id="t-result" label=${t("Result")} value=${form.result} set=${(result) => change({ result })} wrong=${errors.result ?? (tried && faults.result ? t("Choose the result.") : "")}><option value="">${t("Choose")}</option>${resultsOf(form.kind).map((key) => html`<option key=${key} value=${key}>${RESULTS[key]()}</option>`)}<//>
      ${field("value", t("Value, if there is one"), { inputmode: "decimal", wrong: errors.value ?? (tried && faults.value ? t("A number, as 1.25.") : "") })}${field("unit", t("Unit"), { maxlength: 20, wrong: errors.unit })}
      ${field("day", t("Taken on"), { type: "date", max: dayIn(now(), about.zone), wrong: errors.taken_at })}${field("time", t("Time of day, as 14:30"), { inputmode: "numeric", maxlength: 5, wrong: tried && faults.time ? t("Hours and minutes, as 14:30.") : "" })}</div>
    <${Refusal} problem=${write.problem} />
    <div class="row end"><button class="b go" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Sending") : t("Write it down")}</button></div>
  </form>`;
}

function Voiding({ row, onDone, onClose }) {
  const [why, set] = useState("");
  const [tried, tell] = useState(false);
  const write = useWrite(onDone);
  function send(event) {
    event.preventDefault();
    tell(true);
    if (tooShort(why)) return toFault();
    return write.write(`lab-results/${row.id}/void/`, { reason: why.trim() });
  }
  return html`<${Dialog} title=${t("Take the result back")} onClose=${onClose}>
    <form noValidate onSubmit=${send}><div class="db"><p>${KINDS[row.kind]?.() ?? row.kind}: ${RESULTS[row.result]?.() ?? row.result}</p>
      <${Words} id="void-why" label=${t("Why?")} value=${why} set=${set} wrong=${tried && tooShort(why) ? t("Say why.") : ""} /><${Refusal} problem=${write.problem} /></div>
      <div class="df"><button class="b go" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Sending") : t("Take back")}</button></div></form>
  <//>`;
}
