// The course as a table: everything that stands on the axis, in the order of time.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { termName } from "../record/terms.js";
import { metHow } from "./axis.js";
import { bandName, documentName, flagName, hoursFrom, kindName, peaksWords, phaseName, routeName, scaleName, sessionState, stateName, when } from "./words.js";

const MET = { met: () => t("in its window"), late: () => t("late"), booked: () => t("booked"), missed: () => t("missed"), waived: () => t("waived"), due: () => t("not booked") };

/** [moment, what, details] of everything on the axis, in the order of time. */
function rowsOf(course) {
  const number = new Map(course.sessions.map((row) => [row.id, row.number]));
  const name = (row) => t("{kind} {n}", { kind: kindName(row.kind), n: row.number });
  return [
    ...course.phases.map((row) => [row.started_at, t("Phase"), phaseName(row.phase)]),
    ...course.sessions.map((row) => [row.starts_at, name(row), [sessionState(row), row.room_name ?? (row.modality === "video" ? t("Video") : ""), row.staff.map((one) => one.name).join(", ")]]),
    ...course.sessions.filter((row) => row.dose).map((row) => [row.dose.at, t("Dose {n}", { n: row.number }), [row.dose.mg ? `${row.dose.mg} mg ${routeName(row.dose.route)}` : "", peaksWords(row.dose.peaks)]]),
    ...course.obligations.map((row) => [row.met_at ?? row.window_end, t("Integration of dose {n}", { n: number.get(row.dosing_session) ?? "" }), [MET[metHow(row)]?.() ?? row.state, row.met_at ? t("{n} h after the dose", { n: hoursFrom(row.dosed_at, row.met_at) }) : ""]]),
    ...course.measures.map((row) => [row.taken_at, scaleName(row.instrument), [row.total ?? t("no total"), bandName(row.band), row.flags.map(flagName).join(", ")]]),
    ...course.screenings.map((row) => [row.decided_at ?? row.submitted_at ?? row.created_at, t("Screening"), stateName(row.decision ?? row.status)]),
    ...course.clearances.map((row) => [row.valid_from, t("Clearance"), stateName(row.state)]),
    ...course.consents.filter((row) => row.signed_at).map((row) => [row.signed_at, t("Consent"), [documentName(row.document), stateName(row.status)]]),
    ...course.events.map((row) => [row.onset_at, t("Adverse event"), t("{term}, grade {n}", { term: termName(row.term), n: row.grade })]),
  ].sort((a, b) => a[0].localeCompare(b[0]));
}

export function Table({ course, zone }) {
  return html`<div class="scr tall" tabindex="0" role="region" aria-label=${t("Course as a table")}><table class="list"><thead><tr><th>${t("Time")}</th><th>${t("What")}</th><th>${t("Details")}</th></tr></thead>
    <tbody>${rowsOf(course).map(([at, what, more], i) => html`<tr key=${i}><td class="nowrap">${when(at, zone)}</td><td><b>${what}</b></td><td>${[more].flat().filter((part) => part !== "" && part !== null).join(" · ")}</td></tr>`)}</tbody></table></div>`;
}
