// All sessions of the course, newest first, with what was given, how the client bore it, and how far its record is.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, date, dayIn, dayShort, MINUTE, now } from "../core/time.js";
import { termName } from "../record/terms.js";
import { metHow } from "./axis.js";
import { hoursFrom, kindName, peaksWords, routeName, sessionState } from "./words.js";

const FILTERS = () => [[undefined, t("All")], ["dosing", t("Doses")], ["integration", t("Integration")]];

/** @param {{course: any, zone: string, clinical: boolean, said: any, go: (change: object) => void}} props */
export function Sessions({ course, zone, clinical, said, go }) {
  const rows = [...(course?.sessions ?? [])].reverse().filter((row) => !said.show || row.kind === said.show);
  return html`<section class="card hist" aria-labelledby="sessions"><header><h2 id="sessions">${t("Sessions")}</h2>
      <div class="seg" role="group" aria-label=${t("Which sessions")}>${FILTERS().map(([kind, label]) => html`<button type="button" key=${label} aria-pressed=${said.show === kind} onClick=${() => go({ show: kind ?? null })}>${label}</button>`)}</div></header>
    <div class="scr" tabindex="0" role="region" aria-label=${t("Sessions")}><table class="list"><thead><tr><th>${t("Session")}</th><th>${t("Time")}</th><th>${t("What")}</th>${clinical && html`<th>${t("Peaks")}</th>`}<th>${clinical ? t("Events") : t("State")}</th>${clinical && html`<th>${t("Record")}</th>`}</tr></thead>
      <tbody>${rows.map((row) => html`<${Row} key=${row.id} row=${row} course=${course} zone=${zone} clinical=${clinical} />`)}</tbody></table>
      ${course && !rows.length && html`<p class="quiet pad">${t("There is no such session in this course.")}</p>`}</div></section>`;
}

function Row({ row, course, zone, clinical }) {
  const gone = ["cancelled", "no_show"].includes(row.status);
  const name = t("{kind} {n}", { kind: kindName(row.kind), n: row.number });
  return html`<tr class=${gone ? "off" : ""}><td><span class="row"><i class=${`kdot k-${row.kind}`}></i><b>${clinical && row.dose ? html`<a href=${`/bedside/sessions/${row.id}`}>${name}</a>` : name}</b></span></td>
    <td class="nowrap">${dayOf(row.starts_at, zone)} <span class="faint">${dayShort(dayIn(row.starts_at, zone)).split(" ")[0]} ${clock(row.starts_at, zone)}</span></td>
    <td>${whatOf(row)}</td>
    ${clinical && html`<td class="nowrap">${peaksWords(row.dose?.peaks)}</td>`}
    <td>${gone || row.outcome === "not_dosed" || row.status !== "completed" ? html`<span class="chip">${sessionState(row)}</span> ` : !clinical && sessionState(row)}
      ${row.meets && metHow(row.meets) === "late" && html`<span class="chip high-soft">${t("Late: {n} h", { n: hoursFrom(row.meets.dosed_at, row.meets.met_at) })}</span> `}
      ${course.events.filter((one) => one.session === row.id).map((one) => html`<span key=${one.id} class=${one.grade >= 3 || one.serious ? "chip high-soft" : "chip"}>${t("{term}, grade {n}", { term: termName(one.term), n: one.grade })}</span> `)}</td>
    ${clinical && html`<td class="quiet nowrap">${row.dose && row.status === "completed" && noteOf(row.dose.note)}</td>`}</tr>`;
}

/** "30 Nov", with its year where it is not this one. */
function dayOf(moment, zone) {
  const words = date(dayIn(moment, zone));
  return words.endsWith(` ${dayIn(now(), zone).slice(0, 4)}`) ? words.slice(0, -5) : words;
}

/** "200 mg sublingual", or how and how long it was. */
function whatOf(row) {
  if (row.dose?.mg) return `${row.dose.mg} mg ${routeName(row.dose.route)}`;
  const how = row.modality === "video" ? t("video") : t("in person");
  return `${how}, ${t("{n} min", { n: Math.round((Date.parse(row.ends_at) - Date.parse(row.starts_at)) / MINUTE) })}`;
}

function noteOf(status) {
  if (status === "signed") return html`<${Icon} name="lock" /> ${t("Note signed")}`;
  if (status === "cosign_pending") return html`<${Icon} name="wait" /> ${t("Waits for a co-signer")}`;
  if (status === "draft") return html`<${Icon} name="pen" /> ${t("Draft")}`;
  return html`<${Icon} name="x" /> ${t("No note")}`;
}
