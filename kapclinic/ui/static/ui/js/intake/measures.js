// Instruments: filled in with the client, scored by the server; an answer that means danger is said at once, and loudly.
import { all } from "../core/api.js";
import { alert, announce } from "../core/announce.js";
import { Icon, html, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { has, me } from "../core/me.js";
import { words } from "../core/problem.js";
import { now } from "../core/time.js";
import { useKept, useLoaded, forget } from "../care/loaded.js";
import { Field, Form, Refusal, Send, Where } from "../care/parts.js";
import { instrumentName, when } from "../care/who.js";
import { SCALES, formName, itemsOf, leadOf, noticeOf } from "./scales.js";

export function Measures({ about }) {
  const id = about.program.id;
  const loaded = useLoaded(`measures ${id}`, async () => {
    const [rows, alerts] = await Promise.all([all("measures/", { program: id, ordering: "-taken_at" }, 100), all("safety-alerts/", { program: id }, 100)]);
    return { rows, alerts };
  });
  const [chosen, choose] = useState("phq9");
  const [last, told] = useState(null);
  async function done(row) {
    forget(`${id} ${chosen}`);
    await loaded.again();
    told(row.id);
  }
  const { rows = [], alerts = [] } = loaded.data ?? {};
  const raised = alerts.filter((one) => one.measure && one.measure === last);
  return html`<div class="stack narrow">
    ${loaded.problem && html`<p class="note high" role="alert">${words(loaded.problem)}</p>`}
    ${raised.map((one) => html`<${Danger} key=${one.id} alert=${one} zone=${about.zone} />`)}
    ${last && html`<${Result} row=${rows.find((one) => one.id === last)} />`}
    <div class="f"><label for="instrument">${t("Instrument")}</label><select id="instrument" value=${chosen} onChange=${(event) => choose(event.target.value)}>${Object.keys(SCALES).map((key) => html`<option key=${key} value=${key}>${instrumentName(key)}</option>`)}</select></div>
    <${Sheet} key=${`${chosen} ${last}`} instrument=${chosen} about=${about} onDone=${done} />
    <${Taken} rows=${rows} zone=${about.zone} />
  </div>`;
}

/** An alert was raised by what was just written. */
function Danger({ alert: row, zone }) {
  return html`<div class="note high danger" role="alert"><${Icon} name="stop" /><div>
    <p><b>${t("Danger: an alert is raised. Speak to the client now, and do not leave them alone.")}</b></p>
    <p>${t("In danger now: 988, or 911. Acknowledge it by {when}.", { when: when(row.acknowledge_by, zone) })}</p>
    ${has("prescriber", "medical_director") && html`<p><a href=${`/decide/${row.id}`}>${t("Acknowledge it")}</a></p>`}
  </div></div>`;
}

function Result({ row }) {
  if (!row) return null;
  return html`<p class="note brand"><${Icon} name="ok" /><span><b>${instrumentName(row.instrument)} ${row.total ?? t("no total")}</b> ${row.band?.replaceAll("_", " ")}${row.flags.length > 0 && html` · ${row.flags.map((one) => one.replaceAll("_", " ")).join(", ")}`}</span></p>`;
}

function Sheet({ instrument, about, onDone }) {
  const forms = SCALES[instrument].forms ?? [];
  const [form, set] = useKept(`${about.program.id} ${instrument}`, { answers: {}, form: forms[0] ?? "", by: me.get().name });
  const write = useWrite((row) => {
    announce(t("The server has it."));
    if (row.flags.some((one) => /item|high|moderate/.test(one)) || ["high", "moderate"].includes(instrument === "cssrs" && row.band)) alert(t("Danger: an alert is raised. Speak to the client now, and do not leave them alone."));
    onDone(row);
  });
  const items = itemsOf(instrument, form.form);
  const open = items.filter((one, index) => !one.unscored && form.answers[index] === undefined).length;
  const answered = Object.keys(form.answers).length;
  function send() {
    if (!answered || write.busy) return;
    const at = form.at ?? new Date(now()).toISOString(); // a repeat after a lost answer says the same, and acts once
    set({ at });
    write.write("measures/", {
      program: about.program.id,
      instrument,
      answers: items.map((_, index) => form.answers[index] ?? null),
      taken_at: at,
      administered_by: form.by.trim() || me.get().name,
      ...(form.form ? { form: form.form } : {}),
    });
  }
  return html`<${Form} label=${instrumentName(instrument)} onSend=${send}>
    <div class="stack">
      ${forms.length > 0 && html`<${Field} id="form" label=${t("Which form")} value=${form.form} set=${(value) => set({ form: value })}>${forms.map((one) => html`<option key=${one} value=${one}>${formName(one)}</option>`)}<//>`}
      <p class="quiet">${leadOf(instrument)}${noticeOf(instrument) && html`<br /><span class="tiny">${noticeOf(instrument)}</span>`}</p>
      <ol class="qs num-l">${items.map((item, index) => html`<${Item} key=${index} index=${index} item=${item} value=${form.answers[index]} set=${(value) => set({ answers: { ...form.answers, [index]: value } })} />`)}</ol>
      <${Field} id="by" label=${t("Asked by, or filled in by the client")} maxlength="80" value=${form.by} set=${(by) => set({ by })} />
    </div>
    <footer class="dc one"><${Refusal} problem=${write.problem} />
      <span class="grow small">${open ? many(open, "{n} answer is missing: there will be no total.", "{n} answers are missing: there will be no total.") : ""} <${Where} write=${write} dirty=${answered} /></span>
      <${Send} busy=${write.busy} word=${t("Write it down")} /></footer>
  <//>`;
}

function Item({ index, item, value, set }) {
  return html`<li><fieldset><legend>${index + 1}. ${item.text}</legend>
    <div class="scale">${item.answers.map((one) => html`<label key=${one.value} class=${value === one.value ? "opt on" : "opt"}><input type="radio" class="vh" name=${`i-${index}`} checked=${value === one.value} onChange=${() => set(one.value)} />${one.word}</label>`)}</div>
  </fieldset></li>`;
}

function Taken({ rows, zone }) {
  if (!rows.length) return html`<p class="quiet">${t("No instrument was filled in yet in this course.")}</p>`;
  return html`<section class="card pad"><h3>${t("Filled in so far")}</h3><div class="scroll"><table class="list"><thead><tr><th scope="col">${t("When")}</th><th scope="col">${t("Instrument")}</th><th scope="col" class="num">${t("Total")}</th><th scope="col">${t("Band and flags")}</th></tr></thead><tbody>
    ${rows.slice(0, 20).map((row) => html`<tr key=${row.id} class=${row.voided ? "off" : ""}><td>${when(row.taken_at, zone)}</td><td>${instrumentName(row.instrument)}</td><td class="num">${row.voided ? t("taken back") : (row.total ?? t("no total"))}</td><td>${[row.band, ...row.flags].filter(Boolean).map((one) => one.replaceAll("_", " ")).join(", ")}</td></tr>`)}
  </tbody></table></div></section>`;
}
