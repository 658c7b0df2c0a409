// Drug that is not where the books say: how much, since when, which clocks run, and what the medical director answers.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, date, day, now } from "../core/time.js";
import { Field, Refusal, When, momentOf, readable, useWrite } from "./form.js";
import { clockOf } from "./known.js";
import { clockWords } from "./list.js";
import { number, signed, stateName } from "./words.js";

const MOVES = {
  notify: { name: () => t("The DEA was told"), text: () => t("Reference of the notice"), when: "notified_at", field: "reference" },
  file: { name: () => t("Form 106 was filed"), text: () => t("Number of Form 106"), when: "filed_at", field: "form_106_number" },
  explain: { name: () => t("It was an error of the books"), text: () => t("Which error, and how do you know?"), field: "reason" },
  close: { name: () => t("Close the case"), text: () => t("What was found?"), field: "reason" },
};
const ORDER = ["notify", "file", "explain", "close"];

/** @param {{row: object, zone: string, again: () => Promise}} props */
export function Discrepancy({ row, zone, again }) {
  const done = { notify: row.notified_at, file: row.filed_at }; // each once, whatever the state allows
  const moves = ORDER.filter((move) => row.allowed_moves.includes(move) && !done[move]);
  const next = clockOf(row, zone);
  const late = next && next.at < now();
  const at = (moment) => `${day(moment, zone)} ${clock(moment, zone)}`;
  return html`<div class="pane">
    <div class="body">
      <h2>${signed(row.difference_mg)} · ${row.drug}, ${t("lot {number}", { number: row.lot_number })}</h2>
      <p><span class="chip ${late ? "high" : next ? "med" : ""}"><${Icon} name=${late ? "stop" : next ? "wait" : "ok"} />${next ? clockWords(next) : t("no clock runs")}</span> ${stateName(row.state)}</p>
      <dl class="dl wide">
        <dt>${t("Books")}</dt><dd>${number(row.expected_mg)} mg</dd>
        <dt>${t("Found there")}</dt><dd>${number(row.counted_mg)} mg</dd>
        <dt>${t("Discovered")}</dt><dd>${at(row.discovered_at)}, ${row.cause === "loss" ? t("entered as a loss") : t("by counting or correcting")}</dd>
        <dt>${t("Notice to the DEA")}</dt><dd>${row.notified_at ? t("given {time}, {reference}", { time: at(row.notified_at), reference: row.notice_reference }) : t("until {time}: one business day", { time: at(row.notice_due_at) })}</dd>
        <dt>${t("Form 106")}</dt><dd>${row.filed_at ? t("filed {time}, {number}", { time: at(row.filed_at), number: row.form_106_number }) : t("until {day}: 45 days", { day: date(row.form_106_due_on) })}</dd>
        ${row.explained_at && html`<dt>${t("Explained")}</dt><dd>${at(row.explained_at)}: ${row.explanation}</dd>`}
        ${row.closed_at && html`<dt>${t("Case closed")}</dt><dd>${at(row.closed_at)}: ${row.close_reason}</dd>`}
      </dl>
      ${moves.length === 0 && row.state !== "closed" && html`<p class="note"><${Icon} name="info" />${t("The medical director answers for it, and not for what they entered or witnessed themselves.")}</p>`}
    </div>
    ${moves.length > 0 && html`<${Answer} key=${row.id} row=${row} moves=${moves} zone=${zone} again=${again} />`}
  </div>`;
}

const EMPTY = { move: "", text: "", at: "" };

/** What is typed stays when a colleague writes on the case meanwhile, and goes into no other answer than its own. */
function Answer({ row, moves, zone, again }) {
  const [form, set] = useState(EMPTY);
  const name = form.move || moves[0];
  const gone = !moves.includes(name);
  const write = useWrite({ ...form, name }, (answer) => (set(EMPTY), again(answer)));
  const move = MOVES[name];
  const change = (values) => (set({ ...form, move: name, ...values }), write.clear());
  const short = form.text.trim().length < (name === "file" ? 1 : 3);
  const stops = gone ? t("Somebody changed this in the meantime.") : short ? t("{what}: fill it in.", { what: move.text() }) : readable(form.at) ? "" : t("Hours and minutes, as 14:30.");
  const save = (event) => {
    event.preventDefault();
    if (stops) return;
    const when = (at) => (move.when ? { [move.when]: form.at ? momentOf(form.at, zone) : new Date(at).toISOString() } : {});
    write.send(`drug-discrepancies/${row.id}/${name}/`, (at) => ({ [move.field]: form.text.trim(), ...when(at) }));
  };
  return html`<form class="answer touch" onSubmit=${save}>
    <div class="seg" role="radiogroup" aria-label=${t("What do you answer?")}>${moves.map((one) => html`<button type="button" key=${one} role="radio" aria-checked=${name === one} onClick=${() => change({ move: one, text: "" })}>${MOVES[one].name()}</button>`)}</div>
    <div class=${move.when ? "twoone" : ""}>
      <${Field} id="text" label=${move.text()} maxlength=${move.when ? 200 : 1000} value=${form.text} wrong=${write.errors[move.field]} set=${(text) => change({ text })} />
      ${move.when && html`<${When} id="when" label=${t("When was that?")} zone=${zone} value=${form.at} wrong=${write.errors[move.when]} set=${(text) => change({ at: text })} />`}
    </div>
    <${Refusal} write=${write} />
    <footer><span class="small quiet" id="stops">${stops}</span><button class="b go big" aria-disabled=${stops ? "true" : undefined} aria-describedby="stops">${write.busy ? t("Saving…") : move.name()}</button></footer>
  </form>`;
}
