// What the screenings found, how the clearance stands, which alerts were raised, and what the safety plan says.
import { Icon, html } from "../core/h.js";
import { t, told } from "../core/i18n.js";
import { date } from "../core/time.js";
import { Foot, useList } from "../lists/list.js";
import { id, useStaff } from "./known.js";
import { causeName } from "./causes.js";
import { stateName, when } from "./words.js";

const SEVERITY = { absolute: () => t("absolute"), relative: () => t("relative"), unknown: () => t("unknown"), info: () => t("to know") };
const REASONS = {
  new_medication: () => t("a new medicine"),
  cssrs_high: () => t("C-SSRS high"),
  pregnancy_positive: () => t("a positive pregnancy test"),
  serious_event: () => t("a serious adverse event"),
  new_condition: () => t("a new condition"),
  pressure_trend: () => t("blood pressure that rises"),
};

/** @param {{zone: string, turn: any}} props */
export function Screening({ zone, turn }) {
  const screenings = useList("screenings/", { client: id, ordering: "-created_at" }, turn);
  const alerts = useList("safety-alerts/", { client: id, ordering: "-created_at" }, turn);
  const plans = useList("safety-plans/", { client: id, ordering: "-created_at" }, turn);
  const staff = useStaff();
  return html`<section class="card" aria-labelledby="screenings"><header><h2 id="screenings">${t("Screenings")}</h2></header>
      ${(screenings.rows ?? []).map((row) => html`<${One} key=${row.id} row=${row} staff=${staff} zone=${zone} />`)}
      <${Foot} list=${screenings} empty=${t("Nobody has screened this client yet.")} /></section>
    <section class="card" aria-labelledby="alerts"><header><h2 id="alerts">${t("Safety alerts")}</h2></header>
      ${(alerts.rows ?? []).map((row) => html`<div class="blk" key=${row.id}><div class="row wrap"><b>${causeName(row.cause)}</b><span class=${row.status === "open" ? "chip high" : "chip"}><${Icon} name=${row.status === "open" ? "stop" : "ok"} />${stateName(row.status)}</span>${row.holds_doses && html`<span class="chip high-soft"><${Icon} name="lock" />${t("holds every dose")}</span>`}<span class="quiet small">${when(row.created_at, zone)}</span></div>
        ${row.action && html`<p>${row.action}</p>`}
        ${row.releases.map((one) => html`<p class="small quiet" key=${one.id}>${t("Released {time} by {name}: {why}", { time: when(one.at, zone), name: staff.get(one.by) ?? "…", why: one.rationale })}</p>`)}</div>`)}
      <${Foot} list=${alerts} empty=${t("None was raised.")} /></section>
    <section class="card" aria-labelledby="plans"><header><h2 id="plans">${t("Safety plan")}</h2></header>
      ${(plans.rows ?? []).map((row) => html`<div class=${row.voided ? "blk off" : "blk"} key=${row.id}><div class="row wrap"><b>${date(row.made_on)}</b><span class="quiet small">${staff.get(row.recorded_by)}</span>${row.voided && html`<span class="chip">${t("Voided")}</span>`}</div><p class="as">${row.text}</p></div>`)}
      <${Foot} list=${plans} empty=${t("None is on file.")} /></section>`;
}

function One({ row, staff, zone }) {
  const { clearance } = row;
  const stops = clearance && clearance.state !== "standing";
  return html`<div class="blk"><div class="row wrap"><b>${when(row.submitted_at ?? row.created_at, zone)}</b><span class="chip">${stateName(row.status)}</span>
      ${clearance && html`<span class=${stops ? "chip high-soft" : "chip"}><${Icon} name=${stops ? "warn" : "ok"} />${stateName(clearance.state === "standing" ? "cleared" : clearance.state)}</span>`}
      ${clearance?.expires_on && html`<span class="small quiet">${t("until {day}", { day: date(clearance.expires_on) })}</span>`}${row.carried_from && html`<span class="small quiet">${t("taken over from the course before")}</span>`}</div>
    ${clearance && html`<p>${clearance.rationale} <span class="quiet small">${staff.get(clearance.decided_by)}</span></p>`}
    ${clearance?.reasons.map((one) => html`<p key=${one.id} class=${one.upheld_at ? "small quiet" : "note med"}>${!one.upheld_at && html`<${Icon} name="warn" />`}<span>${t("Under review since {time}: {why}", { time: when(one.at, zone), why: REASONS[one.code]?.() ?? one.code })}${one.upheld_at && `. ${t("Upheld {time}: {why}", { time: when(one.upheld_at, zone), why: one.resolution })}`}</span></p>`)}
    ${row.findings.length > 0 && html`<ul class="finds">${row.findings.map((one) => html`<li key=${one.id}><span class=${one.severity === "absolute" ? "chip high" : one.severity === "info" || one.resolution ? "chip" : "chip med"}><${Icon} name=${one.severity === "absolute" ? "stop" : one.severity === "info" ? "info" : "warn"} />${SEVERITY[one.severity]?.() ?? one.severity}</span>
      <div><b>${told(one.label)}</b> <span class="quiet">${one.evidence}</span>${one.resolution && html`<p class="small">${t("Decided: {words}", { words: one.resolution })} <span class="quiet">${staff.get(one.resolved_by)}</span></p>`}</div></li>`)}</ul>`}
    <p class="small quiet">${t("{clean} of {asked} questions without a finding", { clean: row.clean, asked: row.asked })}</p></div>`;
}
