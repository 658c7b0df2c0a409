// The C-SSRS screener, asked again: yes and no by the numbers of its questions, since its words belong to others.
import { alert, announce } from "../core/announce.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { me, roleName } from "../core/me.js";
import { words } from "../core/problem.js";
import { now } from "../core/time.js";
import { tierName } from "./safety.js";

const ALWAYS = [0, 1, 5];

/** @param {{program: string, name: string, onDone: () => void, onClose: () => void}} props `name`: of the client */
export function Screener({ program, name, onDone, onClose }) {
  const [answers, set] = useState([null, null, null, null, null, null]);
  const [told, tell] = useState(null);
  const writing = useWrite((row) => {
    onDone();
    if (row.band === "none" || row.band === "low") announce(t("C-SSRS: {tier}", { tier: tierName(row.band) }));
    else alert(t("C-SSRS: {tier}", { tier: tierName(row.band) }));
    tell(row);
  });
  const shown = answers[1] === 1 ? [0, 1, 2, 3, 4, 5] : ALWAYS;
  const open = shown.filter((i) => answers[i] === null);
  const say = (i, value) => set(answers.map((old, j) => (j === i ? value : old)));
  function save(event) {
    event.preventDefault();
    const kept = answers.map((value, i) => (shown.includes(i) ? value : answers[1] === 0 ? 0 : null));
    writing.write("measures/", { program, instrument: "cssrs", form: "since_last_contact", answers: kept, language: "en", administered_by: roleName(me.get().roles[0]).toLowerCase(), taken_at: new Date(now()).toISOString() });
  }
  if (told) return html`<${Told} row=${told} name=${name} onClose=${onClose} />`;
  return html`<${Dialog} title=${t("C-SSRS screener, since the last contact")} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        <p><b>${name}</b></p>
        <p class="small quiet">${t("Read the questions from your form. 3 to 5 are asked after a yes to 2. One that was not asked stays open, and an open answer never lowers the risk.")}</p>
        ${shown.map((i) => html`<${Question} key=${i} n=${i + 1} value=${answers[i]} onSay=${(value) => say(i, value)} />`)}
        ${writing.problem && html`<p class="note high" role="alert"><${Icon} name="stop" />${words(writing.problem)}</p>`}
        ${open.length > 0 && open.length < shown.length && html`<p class="small quiet">${t("Still open: {numbers}", { numbers: open.map((i) => i + 1).join(", ") })}</p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" disabled=${writing.busy || answers[0] === null || answers[1] === null || undefined}>${writing.busy ? t("Saving…") : t("Keep the answers")}</button>
      </div>
    </form>
  <//>`;
}

function Question({ n, value, onSay }) {
  return html`<div class="row"><span class="grow" id=${`question-${n}`}>${t("Question {n}", { n })}</span>
    <div class="seg" role="radiogroup" aria-labelledby=${`question-${n}`}>
      ${[[1, t("Yes")], [0, t("No")], [null, t("Not asked")]].map(([one, label]) => html`<button type="button" role="radio" key=${label} aria-checked=${value === one} onClick=${() => onSay(one)}>${label}</button>`)}
    </div></div>`;
}

/** What the answers come to, as the server scores them. */
function Told({ row, name, onClose }) {
  const calm = row.band === "none" || row.band === "low";
  return html`<${Dialog} title=${t("C-SSRS is on the server")} onClose=${onClose}>
    <div class="db"><p><b>${name}</b></p>
      <p class=${calm ? "note" : "note high"}><${Icon} name=${calm ? "ok" : "stop"} /><span><b>${tierName(row.band)}</b> ${!calm && t("The safety alert is open: stay with the client, and tell the prescriber now.")}</span></p></div>
    <div class="df"><button type="button" class="b go" onClick=${onClose}>${t("Back to the note")}</button></div>
  <//>`;
}
