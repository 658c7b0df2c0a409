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
import { SCALES, dangerOf, formName, isOpen, itemsOf, leadOf, noticeOf } from "./scales.js";

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

const flagWord = (flag) => (flag === "total_only" ? t("total alone") : flag.replaceAll("_", " "));

function Result({ row }) {
  if (!row) return null;
  return html`<p class="note brand"><${Icon} name="ok" /><span><b>${instrumentName(row.instrument)} ${row.total ?? t("no total")}</b> ${row.band?.replaceAll("_", " ")}${row.flags.length > 0 && html` · ${row.flags.map(flagWord).join(", ")}`}</span></p>`;
}

function Sheet({ instrument, about, onDone }) {
  const { forms = [], most } = SCALES[instrument];
  const first = { answers: {}, total: "", danger: null, whole: most === undefined, form: forms[0] ?? "", by: me.get().name };
  const [form, set] = useKept(`${about.program.id} ${instrument}`, first);
  const [tried, tell] = useState(false);
  const write = useWrite((row) => {
    announce(t("The server has it."));
    if (row.flags.some((one) => /item|high|moderate/.test(one)) || ["high", "moderate"].includes(instrument === "cssrs" && row.band)) alert(t("Danger: an alert is raised. Speak to the client now, and do not leave them alone."));
    onDone(row);
  });
  const items = itemsOf(instrument, form.form);
  const danger = dangerOf(instrument, about.protocol);
  const open = form.whole ? items.filter((one, index) => !one.unscored && isOpen(instrument, form.answers[index])).length : 0;
  const said = form.whole ? Object.keys(form.answers).length > 0 : form.total !== "";
  const faults = { total: !form.whole && !isTotal(form.total, most), danger: !form.whole && danger !== null && form.danger === null };
  function send() {
    tell(true);
    if (write.busy || (form.whole && !said)) return;
    if (faults.total || faults.danger) return void setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector("#sheet-form [aria-invalid=true]"))?.focus(), 50);
    const at = form.at ?? new Date(now()).toISOString(); // a repeat after a lost answer says the same, and acts once
    set({ at });
    write.write("measures/", {
      program: about.program.id,
      instrument,
      ...(form.whole ? { answers: items.map((_, index) => form.answers[index] ?? null) } : { total: Number(form.total), ...(danger && { item_alert: form.danger }) }),
      taken_at: at,
      administered_by: form.by.trim() || me.get().name,
      ...(form.form ? { form: form.form } : {}),
    });
  }
  const way = (whole, word) => html`<button type="button" aria-pressed=${form.whole === whole} onClick=${() => set({ whole })}>${word}</button>`;
  return html`<${Form} label=${instrumentName(instrument)} onSend=${send}>
    <div class="stack" id="sheet-form">
      ${forms.length > 0 && html`<${Field} id="form" label=${t("Which form")} value=${form.form} set=${(value) => set({ form: value })}>${forms.map((one) => html`<option key=${one} value=${one}>${formName(one)}</option>`)}<//>`}
      ${most !== undefined && html`<div class="touch"><div class="seg" role="group" aria-label=${t("What is written down")}>${way(false, t("The total of the sheet"))}${way(true, t("Answer by answer"))}</div></div>`}
      <p class="quiet">${leadOf(instrument)}${noticeOf(instrument) && html`<br /><span class="tiny">${noticeOf(instrument)}</span>`}</p>
      ${form.whole
        ? html`<ol class="qs num-l">${items.map((item, index) => html`<${Item} key=${index} index=${index} item=${item} value=${form.answers[index]} set=${(value) => set({ answers: { ...form.answers, [index]: value } })} />`)}</ol>`
        : html`<${Total} form=${form} set=${set} most=${most} danger=${danger} wrong=${tried ? faults : {}} />`}
      <${Field} id="by" label=${t("Asked by, or filled in by the client")} maxlength="80" value=${form.by} set=${(by) => set({ by })} />
    </div>
    <footer class="dc one"><${Refusal} problem=${write.problem} />
      <span class="grow small">${open ? many(open, "{n} answer is missing: there will be no total.", "{n} answers are missing: there will be no total.") : ""} <${Where} write=${write} dirty=${said} /></span>
      <${Send} busy=${write.busy} word=${t("Write it down")} /></footer>
  <//>`;
}

const isTotal = (text, most) => /^\d{1,3}$/.test(text.trim()) && Number(text) <= most;

/** What stands below the sheet, and what its item about wanting to die says: nothing is guessed of it. */
function Total({ form, set, most, danger, wrong }) {
  const choice = (value, word) => html`<label class=${form.danger === value ? "opt on" : "opt"}><input type="radio" class="vh" name="danger" checked=${form.danger === value} aria-invalid=${wrong.danger ? "true" : undefined} onChange=${() => set({ danger: value })} />${word}</label>`;
  return html`<${Field} id="whole-total" label=${t("Total, 0 to {most}", { most })} inputmode="numeric" maxlength="3" value=${form.total} set=${(total) => set({ total })} wrong=${wrong.total ? t("Write the total as a whole number from 0 to {most}.", { most }) : ""} />
    ${danger && html`<ul class="qs num-l"><li><fieldset><legend>${t("Item {item}, about death and suicide: is the answer {lowest} or more?", danger)}</legend>
      <div class="scale">${choice(false, t("No"))}${choice(true, t("Yes"))}</div></fieldset>
      ${wrong.danger && html`<span class="err" role="alert">${t("Look at this item, and say yes or no.")}</span>`}</li></ul>`}`;
}

function Item({ index, item, value, set }) {
  return html`<li><fieldset><legend>${index + 1}. ${item.text}</legend>
    <div class="scale">${item.answers.map((one) => html`<label key=${one.value} class=${value === one.value ? "opt on" : "opt"}><input type="radio" class="vh" name=${`i-${index}`} checked=${value === one.value} onChange=${() => set(one.value)} />${one.word}</label>`)}</div>
  </fieldset></li>`;
}

function Taken({ rows, zone }) {
  if (!rows.length) return html`<p class="quiet">${t("No instrument was filled in yet in this course.")}</p>`;
  return html`<section class="card pad"><h3>${t("Filled in so far")}</h3><div class="scroll"><table class="list"><thead><tr><th scope="col">${t("When")}</th><th scope="col">${t("Instrument")}</th><th scope="col" class="num">${t("Total")}</th><th scope="col">${t("Band and flags")}</th></tr></thead><tbody>
    ${rows.slice(0, 20).map((row) => html`<tr key=${row.id} class=${row.voided ? "off" : ""}><td>${when(row.taken_at, zone)}</td><td>${instrumentName(row.instrument)}</td><td class="num">${row.voided ? t("taken back") : (row.total ?? t("no total"))}</td><td>${[row.band, ...row.flags].filter(Boolean).map(flagWord).join(", ")}</td></tr>`)}
  </tbody></table></div></section>`;
}
