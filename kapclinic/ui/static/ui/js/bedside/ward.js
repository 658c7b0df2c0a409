// /bedside: everybody who is watched, sorted by what is due next.
import { announce, alert } from "../core/announce.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { me, place } from "../core/me.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { clock, clockSeconds, countdown, hours, lasting } from "../core/time.js";
import { begin, Frame } from "../frame/frame.js";
import { useNow } from "../frame/net.js";
import { outbox } from "../outbox/outbox.js";
import { Acknowledge } from "./acknowledge.js";
import { across, Spark } from "./spark.js";
import { ring, Tone } from "./tone.js";
import { alarmWords, bandWord, checkWord, loudness, mg, whereabouts } from "./words.js";

const SECONDS = 5;
const SOON = 3 * 60000;
const MARKS = [0, 30, 60, 90, 120]; // minutes
const SHOWN = 2; // alarms of a row; the others are a press away, and counted

function worstOf(reading) {
  const order = ["go", "review", "amber", "hold", "emergency", "red"];
  const found = Object.values(reading?.bands ?? {});
  return found.reduce((one, other) => (order.indexOf(other) > order.indexOf(one) ? other : one), "go");
}

/** What is due first stands first; who waits for nothing stands last. */
export function sorted(rows) {
  const due = (row) => (row.next_check ? Date.parse(row.next_check.planned_at) : Infinity);
  return [...rows].sort((a, b) => due(a) - due(b) || a.client_name.localeCompare(b.client_name));
}

function Ward() {
  const here = useStore(place);
  const held = useRef(null);
  const poll = usePoll("monitoring-board/", { location: here.id }, SECONDS, () => held.current);
  const at = useNow(1000);
  const [answering, answer] = useState(null);
  const rows = sorted(poll.data?.sessions ?? []);
  useDue(rows, at);
  const open = (row) => row && location.assign(`/bedside/sessions/${row.id}`);
  const numbers = Object.fromEntries(rows.slice(0, 9).map((row, index) => [String(index + 1), () => open(row)]));
  useKeys(numbers);
  held.current = answering ? answering.session.id : null;
  const late = rows.filter((row) => isOverdue(row, at)).length;
  return html`<${Frame} current="ward" count=${{ ward: late + rows.filter((row) => row.alarms.length).length }}
      keys=${[["1…9", t("Take the reading of that row")]]}>
    <div class="ward">
      <${Head} rows=${rows} late=${late} poll=${poll} zone=${here.time_zone} />
      <${List} rows=${rows} poll=${poll} at=${at} zone=${here.time_zone} onAnswer=${answer} />
      <footer class="wf small">
        ${poll.waiting && html`<button type="button" class="b s" onClick=${poll.release}>${t("There is something newer: show it")}</button>`}
      </footer>
    </div>
    ${answering && html`<${Acknowledge} ...${answering} zone=${here.time_zone} onDone=${() => { answer(null); poll.again(); }} onClose=${() => answer(null)} />`}
  <//>`;
}

function isOverdue(row, at) {
  return !!row.next_check && Date.parse(row.next_check.planned_at) < at;
}

/** Said once a minute before, once when due: to ears as well, where the tone is on. */
function useDue(rows, at) {
  const said = useRef(new Set());
  useEffect(() => {
    for (const row of rows) {
      if (!row.next_check) continue;
      const left = Date.parse(row.next_check.planned_at) - at;
      const once = (key, say) => !said.current.has(key) && said.current.add(key) && say();
      if (left <= 0 && left > -60000) once(`${row.next_check.id} due`, () => {
        alert(t("{name}: reading is due", { name: row.client_name }));
        ring();
      });
      else if (left > 0 && left < 60000) once(`${row.next_check.id} soon`, () => announce(t("{name}: reading due in a minute", { name: row.client_name })));
    }
  }, [rows, at]);
}

function Head({ rows, late, poll, zone }) {
  const high = rows.filter((row) => loudness(worstOf(row.last_reading)) !== "ok").length;
  const mine = rows.filter((row) => row.staff.some((one) => one.user === me.get().id)).length;
  const old = poll.problem && poll.data;
  return html`<header class="wh">
    <h1>${t("Ward")}</h1>
    <span class="quiet">${many(rows.length, "{n} watched", "{n} watched")}<span class="by"> · ${t("sorted by what is due next")}</span></span>
    <span class="grow"></span>
    ${late > 0 && html`<span class="chip high"><${Icon} name="stop" />${t("{n} overdue", { n: late })}</span>`}
    ${high > 0 && html`<span class="chip med"><${Icon} name="warn" />${t("{n} out of band", { n: high })}</span>`}
    ${mine > 0 && html`<span class="chip"><${Icon} name="heart" />${t("{n} with you", { n: mine })}</span>`}
    <${Tone} />
    <span class="fresh small ${old ? "chip med" : "faint"}">
      ${poll.at > 0 && (old ? t("Old: from {time}. {why}", { time: clockSeconds(poll.at, zone), why: words(poll.problem) }) : t("Checked {time}", { time: clockSeconds(poll.at, zone) }))}
    </span>
  </header>`;
}

function List({ rows, poll, at, zone, onAnswer }) {
  if (!poll.data && poll.problem) {
    return html`<div class="failed"><p>${words(poll.problem)}</p><button type="button" class="b go" onClick=${poll.again}>${t("Try again")}</button></div>`;
  }
  if (!poll.data) return html`<${Skeleton} />`;
  if (!rows.length) return html`<p class="wl quiet">${t("Nobody is watched now. Whoever is checked in for a dose appears here.")}</p>`;
  return html`<ol class="wl">
    ${rows.map((row, index) => html`<${Row} key=${row.id} row=${row} number=${index + 1} at=${at} zone=${zone} onAnswer=${onAnswer} />`)}
  </ol>`;
}

/** Grey bars in the shape of the rows, and those only after 300 ms. */
function Skeleton() {
  const [late, set] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => set(true), 300);
    return () => clearTimeout(timer);
  }, []);
  return late && html`<div class="skels" aria-hidden="true">${[1, 2, 3].map((n) => html`<div key=${n} class="skel tall"></div>`)}</div>`;
}

/** @param {{row: Api["WardCardOut"], number: number, at: number, zone: string, onAnswer: any}} props */
function Row({ row, number, at, zone, onAnswer }) {
  const left = row.next_check ? Date.parse(row.next_check.planned_at) - at : null;
  const state = left !== null && left < 0 ? "high" : left !== null && left < SOON ? "soon" : "";
  const href = `/bedside/sessions/${row.id}`;
  const unsent = useStore(outbox).filter((item) => item.session === row.id).length;
  return html`<li class="wr ${state}">
    <a class="due" href=${href}><${Due} row=${row} left=${left} zone=${zone} /></a>
    <${Who} row=${row} at=${at} zone=${zone} unsent=${unsent} />
    <${Last} row=${row} zone=${zone} />
    <div class="tr">
      <${Spark} rows=${row.trend} dosedAt=${row.dosed_at ? Date.parse(row.dosed_at) : null} bands=${row.bands} at=${at} />
      ${row.dosed_at && html`<div class="tx tiny faint" aria-hidden="true">${MARKS.map((minute) => html`<span key=${minute} style=${{ "--at": across(minute) }}>${minute === 0 ? t("dose") : minute === 120 ? `${minute} min` : minute}</span>`)}</div>`}
    </div>
    <a class="b take" href=${href}>${state === "high" ? t("Take it now") : t("Take reading")} ${number < 10 && html`<kbd>${number}</kbd>`}</a>
    ${row.alarms.slice(0, SHOWN).map((alarm) => html`<${AlarmRow} key=${alarm.id} alarm=${alarm} row=${row} zone=${zone} onAnswer=${onAnswer} />`)}
    ${row.alarms.length > SHOWN && html`<a class="al more" href=${href}>${many(row.alarms.length - SHOWN, "{n} more alarm", "{n} more alarms")}</a>`}
  </li>`;
}

function Due({ row, left, zone }) {
  if (left === null) return html`<span>${t("nothing due")}</span><b>–</b>`;
  if (left < 0) return html`<span>${t("OVERDUE")}</span><b>${lasting(-left)}</b><small>${checkWord(row.next_check, zone, true)}</small>`;
  return html`<span>${t("due in")}</span><b role="timer">${countdown(left)}</b><small>${checkWord(row.next_check, zone)}</small>`;
}

/** @param {{row: Api["WardCardOut"], at: number, zone: string, unsent: number}} props */
function Who({ row, at, zone, unsent }) {
  const [icon, word] = whereabouts(row);
  const dosed = row.dosed_at ? Date.parse(row.dosed_at) : null;
  const given = row.dose ? `${mg(row.dose.mg)} ${row.dose.route} ` : "";
  return html`<div class="pt">
    <span class="rm">${row.room_name ?? t("No room")}</span>
    <b class="nm">${row.client_name}</b>
    <span class="quiet small">${dosed ? `T+${hours(at - dosed)} · ${given}${clock(dosed, zone)}` : t("not dosed yet")}</span>
    <span class="row wrap">
      <span class="chip"><${Icon} name=${icon} />${word}</span>
      ${row.staff.length > 0 && html`<span class="chip">${row.staff.map((one) => one.name.split(" ")[0]).join(", ")}</span>`}
      ${unsent > 0 && html`<span class="chip med"><${Icon} name="off" />${t("{n} on tablet", { n: unsent })}</span>`}
    </span>
  </div>`;
}

/** @param {{row: Api["WardCardOut"], zone: string}} props */
function Last({ row, zone }) {
  const last = row.last_reading;
  if (!last) return html`<div class="bp"><b>–/–</b><span class="small quiet">${t("no reading yet")}</span></div>`;
  const band = worstOf(last);
  const loud = loudness(band);
  return html`<div class="bp">
    <b>${last.systolic ?? "–"}/${last.diastolic ?? "–"}</b>
    <span class="row">
      <span class="bdn ${loud === "high" ? "rd" : loud === "med" ? "am" : ""}"><${Icon} name=${loud === "high" ? "stop" : loud === "med" ? "warn" : "ok"} /> ${bandWord(band)}</span>
      <span class="faint small">${clock(last.measured_at, zone)}</span>
    </span>
    <span class="small quiet">
      ${t("HR {n}", { n: last.heart_rate ?? "–" })} · SpO₂ ${last.spo2 ?? "–"} % · ${t("sedation {n}", { n: last.sedation ?? "–" })}
    </span>
  </div>`;
}

function AlarmRow({ alarm, row, zone, onAnswer }) {
  const reading = [...row.trend, row.last_reading].find((one) => one?.id === alarm.reading);
  const said = alarmWords(alarm, reading, zone, row.next_check?.id === alarm.check ? row.next_check : null);
  return html`<div class="al ${said.loud}">
    <${Icon} name=${said.loud === "high" ? "stop" : "warn"} />
    <span class="grow"><b>${said.title}</b> <span class="small">${said.detail}</span></span>
    <button type="button" class="b s" onClick=${() => onAnswer({ alarm, said, session: row })}>${t("Acknowledge…")}</button>
  </div>`;
}

begin(() => html`<${Ward} />`);

