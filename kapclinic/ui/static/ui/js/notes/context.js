// What stands beside a note: who it is, the last dose with its trend, what was seen in the room, scores, intentions.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";
import { clock, date, dayIn, dayShort, MINUTE } from "../core/time.js";
import { signed, verdictOf } from "../record/outcomes.js";
import { Course, courseOf } from "../signs/course.js";
import { Visit } from "./visit.js";
import { SCALES } from "./words.js";

/** @param {{name: string, besides: any, session: string, zone: string, at: number, again: () => void}} props */
export function Context({ name, besides, session, zone, at, again }) {
  return html`<aside class="ctx" aria-label=${t("Beside the note")}>
    <${Person} name=${name} besides=${besides} />
    ${besides?.missing.length > 0 && html`<p class="note med" role="status"><${Icon} name="warn" />${t("Some of what stands here could not be read just now.")}</p>`}
    ${besides?.session && html`<${Visit} session=${besides.session} zone=${zone} again=${again} />`}
    ${besides && html`<${Given} besides=${besides} zone=${zone} at=${at} />
      <${Room} record=${besides.record} zone=${zone} />
      <${Scores} outcomes=${besides.outcomes} zone=${zone} />
      <${Intentions} besides=${besides} />`}
    ${has("therapist") && html`<section class="priv"><${Icon} name="lock" /><div>
      <h2>${t("Psychotherapy note")}</h2>
      <p class="small">${t("Yours alone. Not part of the record, never exported, never billed. No doses, times, diagnosis or plan in it.")}</p>
      <a class="b s" href=${`/notes/private/${session}`}>${t("Open my private note")}</a></div></section>`}
  </aside>`;
}

function Person({ name, besides }) {
  const { banner, program } = besides ?? {};
  return html`<section><div class="row"><h2 class="grow">${name}</h2>${program?.progress?.dosing && html`<${Course} progress=${courseOf(/** @type {any} */ (program.progress))} />`}</div>
    ${banner && html`<p class="small quiet">${[banner.pronouns, `${date(banner.date_of_birth)} (${t("{n} years", { n: banner.age })})`, banner.mrn].filter(Boolean).join(" · ")}</p>
      <${Allergies} allergies=${banner.allergies} />`}
  </section>`;
}

function Allergies({ allergies }) {
  if (allergies.state === "none_known") return html`<p class="small">${t("Allergies: none known")}</p>`;
  const listed = allergies.results.map((row) => [row.substance, row.reaction].filter(Boolean).join(": ")).join("; ");
  return html`<p class="small hi"><${Icon} name="warn" /> ${allergies.state === "listed" ? t("Allergies: {what}", { what: listed }) : t("Allergies: none recorded")} ${allergies.state === "none_recorded" && html`<span class="faint">${t("(not “none known”)")}</span>`}</p>`;
}

const ROUTES = { sublingual: () => t("under the tongue"), oral: () => t("swallowed"), intranasal: () => t("by nose spray"), intramuscular: () => t("injected into muscle"), subcutaneous: () => t("injected under the skin"), intravenous: () => t("infused") };

/** The dose that this session is about. */
function Given({ besides, zone, at }) {
  const { given, readings, bands } = besides;
  if (!given) return html`<section><h2>${t("No dose yet")}</h2></section>`;
  const [first] = given.doses;
  const amounts = given.doses.map((row) => t("{mg} mg {route} {time}", { mg: Number(row.given_mg), route: ROUTES[row.route]?.() ?? row.route, time: clock(row.administered_at, zone) }));
  const zero = Date.parse(first.administered_at);
  const rows = readings.filter((row) => !row.voided && row.systolic !== null && row.diastolic !== null).map((row) => ({ ...row, minute: (Date.parse(row.measured_at) - zero) / MINUTE }));
  return html`<section><h2>${t("Dose {n}, {day}", { n: given.number ?? "", day: dayWord(first.administered_at, zone, at) })}</h2>
    <p class="small quiet">${[...amounts, ...courseOfDose(first, zero)].join(" · ")}</p>
    ${rows.length > 0 && html`<${Trend} rows=${rows} bands=${bands} />`}
  </section>`;
}

function dayWord(moment, zone, at) {
  const [day, today] = [dayIn(moment, zone), dayIn(at, zone)];
  const back = Math.round((Date.parse(`${today}T12:00Z`) - Date.parse(`${day}T12:00Z`)) / 86400000);
  return back === 0 ? t("today") : back === 1 ? t("yesterday") : dayShort(day);
}

/** Its highest pressure, and what went wrong. */
function courseOfDose({ peaks, worst_event: worst }, zero) {
  const minute = (peak) => Math.round((Date.parse(peak.at) - zero) / MINUTE);
  const told = [];
  if (peaks?.systolic) told.push(t("peak {bp} at {n} min", { bp: `${peaks.systolic.value}/${peaks.diastolic?.value ?? "–"}`, n: minute(peaks.systolic) }));
  if (peaks?.dissociation) told.push(t("dissociation {n} of 10", { n: peaks.dissociation.value }));
  told.push(worst ? t("{term}, grade {n}", { term: worst.term.replaceAll("_", " "), n: worst.grade }) : t("no adverse event"));
  return told;
}

const [WIDE, HIGH, LOW, TOP] = [264, 78, 40, 200];
const y = (value) => HIGH - 4 - ((Math.max(LOW, Math.min(TOP, value)) - LOW) / (TOP - LOW)) * (HIGH - 8);

/** Systolic to diastolic as bars, the bands of the protocol behind; its numbers stand below as a table. */
function Trend({ rows, bands }) {
  const [from, to] = [Math.min(0, ...rows.map((row) => row.minute)), Math.max(60, ...rows.map((row) => row.minute))];
  const x = (minute) => 4 + ((minute - from) / (to - from)) * (WIDE - 8);
  return html`<svg class="spk" viewBox=${`0 0 ${WIDE} ${HIGH}`} role="img" aria-label=${t("Blood pressure around the dose, {n} readings", { n: rows.length })}>
      ${bands && html`<rect class="red" x="0" width=${WIDE} y="0" height=${y(bands.bp.red[0])} /><rect class="amber" x="0" width=${WIDE} y=${y(bands.bp.red[0])} height=${y(bands.bp.hold[0]) - y(bands.bp.red[0])} />`}
      ${rows.map((row) => html`<g key=${row.id}><line x1=${x(row.minute)} x2=${x(row.minute)} y1=${y(row.systolic)} y2=${y(row.diastolic)} /><circle cx=${x(row.minute)} cy=${y(row.systolic)} r="3" /></g>`)}
    </svg>
    <details class="small"><summary>${t("As a table")}</summary><table class="mini"><thead><tr><th>${t("Minute")}</th><th>${t("Pressure")}</th><th>${t("Pulse")}</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.id}><td>${Math.round(row.minute)}</td><td>${row.systolic}/${row.diastolic}</td><td>${row.heart_rate ?? "–"}</td></tr>`)}</tbody></table></details>`;
}

/** What was seen and done in the room of that dose. */
function Room({ record, zone }) {
  if (!record) return null;
  const { playlist, eye_mask: mask, headphones, position } = record.setting;
  const setting = [mask && t("eye mask"), headphones && t("headphones"), playlist && t("playlist “{name}”", { name: playlist }), position].filter(Boolean).join(", ");
  const seen = record.entries.filter((row) => !row.void && ["observation", "support", "emergence", "debrief"].includes(row.part));
  if (!setting && !seen.length) return null;
  return html`<section><h2>${t("In the room")}</h2><ul class="dots small">
    ${setting && html`<li>${setting}</li>`}
    ${seen.map((row) => html`<li key=${row.id}>${clock(row.observed_at, zone)} ${row.content.text ?? row.content.intervention}</li>`)}
  </ul></section>`;
}

/** By scale the total before dose 1 and the last one, as the server reckons them; an incomplete one has none, and is none. */
function Scores({ outcomes, zone }) {
  if (!outcomes) return null;
  return html`<section><h2>${t("Scores")}</h2>
    ${!outcomes.length && html`<p class="small quiet">${t("None is filled in yet.")}</p>`}
    ${outcomes.length > 0 && html`<table class="mini"><tbody>${outcomes.map((row) => html`<${Score} key=${row.instrument} row=${row} zone=${zone} />`)}</tbody></table>`}</section>`;
}

/** @param {{row: Api["OutcomesOut"], zone: string}} props */
function Score({ row, zone }) {
  const few = row.points.slice(-6);
  const most = Math.max(1, ...few.map((one) => one.total));
  const last = few.at(-1);
  const verdict = verdictOf(row);
  if (!last) return null;
  return html`<tr><th scope="row">${SCALES[row.instrument] ?? row.instrument}</th>
    <td aria-hidden="true"><span class="bars">${few.map((one) => html`<i key=${one.measure} style=${{ "--v": one.total / most }}></i>`)}</span></td>
    <td class="num">${row.change !== null && html`<span class="vh">${t("before dose 1:")} </span>${row.baseline} → `}<b>${last.total}</b> <span class="faint tiny">${dayShort(dayIn(last.taken_at, zone))}</span>
      ${(verdict || row.change !== null) && html`<br /><span class=${row.worsening ? "tiny hi" : "tiny quiet"}>${[row.change !== null && signed(row.change), verdict].filter(Boolean).join(", ")}</span>`}</td></tr>`;
}

/** In the client's own words where they were noted: of the check-in of that dose, and what the course is for. */
function Intentions({ besides }) {
  const said = besides.record?.entries.filter((row) => !row.void && row.part === "check_in" && row.content.intention).map((row) => row.content.intention) ?? [];
  const goals = besides.program?.pathway?.goals || besides.program?.goals;
  if (!said.length && !goals) return null;
  return html`<section><h2>${t("Intentions")}</h2>${said.map((text) => html`<p class="small quiet" key=${text}>“${text}”</p>`)}${goals && html`<p class="small quiet">${t("Goals: {goals}", { goals })}</p>`}</section>`;
}
