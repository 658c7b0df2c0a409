// /status: how the machine stands. What needs somebody stands first, with where to begin; figures about nobody below.
import { Icon, html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { place } from "../core/me.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { clockSeconds, lasting } from "../core/time.js";
import { begin, Frame } from "../frame/frame.js";
import { TITLES, concernOf, kindOf } from "./words.js";

const SECONDS = 15;
const CLINIC = ["checks", "alarms", "alerts", "obligations", "tasks"];
const POST = ["outbox", "retrying", "dead"];

/** "12 s", "3 min", "2 h 05 min"; a dash where nothing is known */
const age = (seconds) => {
  if (seconds === null) return "–";
  return seconds < 60 ? t("{n} s", { n: Math.round(seconds) }) : lasting(seconds * 1000);
};

function Status() {
  const here = useStore(place);
  const poll = usePoll("status/", {}, SECONDS);
  /** @type {Api["StatusOut"] | null} */
  const data = poll.data;
  useKeys({ r: poll.again });
  return html`<${Frame} current="status" keys=${[["r", t("Ask for the figures again")]]}>
    <div class="sta">
      <header class="row wrap"><h1>${t("System")}</h1>
        ${data && html`<span class="quiet">${t("as of {time}", { time: clockSeconds(Date.parse(data.at), here?.time_zone ?? "UTC") })}</span>`}
        <span class="grow"></span><button type="button" class="b s" onClick=${poll.again}>${t("Ask for the figures again")} <kbd>r</kbd></button>
      </header>
      <${Stand} poll=${poll} />
      ${data && html`<${Concerns} codes=${data.concerns} />
        <div class="stc">
          <${Counts} title=${t("In the clinic")} names=${CLINIC} waiting=${data.waiting} />
          <${Counts} title=${t("E-mail and SMS")} names=${POST} waiting=${data.waiting} />
          <${Queues} queues=${data.queues} />
          <${Database} data=${data} />
          <${Backups} backups=${data.backups} />
          <${Steps} steps=${data.steps} />
        </div>`}
    </div>
  <//>`;
}

/** What can't be asked now, and how old is what stands here. */
function Stand({ poll }) {
  if (!poll.problem) return poll.data ? null : html`<div class="skels" aria-hidden="true">${[1, 2, 3, 4].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`;
  const old = poll.at > 0 ? t("These figures are {age} old.", { age: lasting(Date.now() - poll.at) }) : "";
  return html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(poll.problem)} ${old}</span><button type="button" class="b s" onClick=${poll.again}>${t("Try again")}</button></p>`;
}

function Concerns({ codes }) {
  if (!codes.length) return html`<p class="note" role="status"><${Icon} name="ok" /><span>${t("Nothing needs you.")}</span></p>`;
  return html`<section aria-labelledby="concerns">
    <h2 id="concerns">${many(codes.length, "{n} thing needs somebody", "{n} things need somebody")}</h2>
    <ul class="stack">${codes.map((code) => html`<li key=${code} class="note med"><${Icon} name="warn" /><span><b>${concernOf(code)[0]}</b> ${concernOf(code)[1]}</span></li>`)}</ul>
  </section>`;
}

/** A card with a table in it, which the keyboard reaches when it has to be scrolled. */
function Card({ id, title, aside, head, children }) {
  return html`<section class="card" aria-labelledby=${id}>
    <header class="row"><h2 class="grow" id=${id}>${title}</h2>${aside}</header>
    <div class="scr" tabindex="0" role="group" aria-labelledby=${id}><table class="list">
      <thead><tr>${head.map((text, index) => html`<th key=${text} scope="col" class=${index ? "num" : ""}>${text}</th>`)}</tr></thead>
      <tbody>${children}</tbody>
    </table></div>
  </section>`;
}

/** What is late first, then by name. */
function Steps({ steps }) {
  const rows = [...steps].sort((a, b) => Number(b.is_late) - Number(a.is_late) || a.name.localeCompare(b.name));
  const late = rows.filter((step) => step.is_late).length;
  const aside = html`<span class="small quiet">${late ? t("{n} late", { n: late }) : t("all in time")}</span>`;
  return html`<${Card} id="steps" title=${t("Periodic work")} aside=${aside} head=${[t("Step"), t("Last run"), t("Every")]}>
    ${rows.map((step) => html`<tr key=${step.name} class=${step.is_late ? "late" : ""}>
      <td>${step.is_late && html`<${Icon} name="warn" /><span class="vh">${t("behind")} </span>`}<code>${step.name}</code></td>
      <td class="num">${step.age_seconds === null ? t("never") : age(step.age_seconds)}</td><td class="num">${age(step.period_seconds)}</td>
    </tr>`)}
  <//>`;
}

function Counts({ title, names, waiting }) {
  const titles = TITLES();
  return html`<${Card} id=${`of-${names[0]}`} title=${title} head=${[t("What waits"), t("How many"), t("The oldest")]}>
    ${names.map((name) => html`<tr key=${name} class="of"><th scope="rowgroup" colspan="3">${titles[name]}</th></tr>
      ${waiting[name].map((row) => html`<tr key=${`${name}-${row.kind}`} class=${row.count ? "some" : ""}><td>${kindOf(name, row.kind)}</td><td class="num">${row.count}</td><td class="num">${age(row.oldest_seconds)}</td></tr>`)}`)}
  <//>`;
}

function Queues({ queues }) {
  return html`<${Card} id="queues" title=${t("Queues")} head=${[t("Queue"), t("How many"), t("The oldest")]}>
    ${queues === null
      ? html`<tr class="late"><td colspan="3"><${Icon} name="warn" />${t("The broker does not answer")}</td></tr>`
      : queues.map((queue) => html`<tr key=${queue.name}><td><code>${queue.name}</code></td><td class="num">${queue.messages}</td><td class="num">${age(queue.oldest_seconds)}</td></tr>`)}
  <//>`;
}

function Database({ data }) {
  const states = Object.entries(data.connections);
  const all = states.reduce((sum, [, count]) => sum + count, 0);
  const aside = html`<span class="small quiet">${t("{n} of {most} connections", { n: all, most: data.connections_max })}</span>`;
  return html`<${Card} id="database" title=${t("Database")} aside=${aside} head=${[t("Connections that are"), t("How many")]}>
    ${states.map(([state, count]) => html`<tr key=${state}><td><code>${state}</code></td><td class="num">${count}</td></tr>`)}
    ${data.partitions_lacking.map((month) => html`<tr key=${month} class="late"><td colspan="2"><${Icon} name="warn" />${t("No partition: {month}", { month })}</td></tr>`)}
  <//>`;
}

function Backups({ backups }) {
  const row = (name, seconds, late) => html`<tr class=${late ? "late" : ""}><td>${late && html`<${Icon} name="warn" />`}${name}</td><td class="num">${age(seconds)}</td></tr>`;
  return html`<${Card} id="backups" title=${t("Backups")} head=${[t("What"), t("How long ago")]}>
    ${backups === null
      ? html`<tr><td colspan="2">${t("Unknown: the service of the backups has said nothing yet.")}</td></tr>`
      : html`${row(t("The newest checked backup"), backups.newest_seconds, !backups.is_well)}${row(t("Last word of their service"), backups.told_seconds, backups.told_seconds === null)}`}
  <//>`;
}

begin(() => html`<${Status} />`);
