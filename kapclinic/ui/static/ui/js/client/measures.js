// Every filling-in of a scale during the course, newest first, with the dose that it came after.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { bandName, flagName, scaleName, when } from "./words.js";

/** @param {{course: any, zone: string}} props */
export function Scores({ course, zone }) {
  const rows = [...(course?.measures ?? [])].sort((a, b) => b.taken_at.localeCompare(a.taken_at));
  return html`<section class="card" aria-labelledby="all-scores"><header><h2 id="all-scores">${t("Scores of this course")}</h2></header>
    ${course && !rows.length && html`<p class="quiet pad">${t("No scale was filled in during this course.")}</p>`}
    ${rows.length > 0 && html`<table class="list"><thead><tr><th>${t("Time")}</th><th>${t("Scale")}</th><th class="num">${t("Total")}</th><th>${t("Band")}</th><th>${t("After which dose")}</th><th>${t("Flags")}</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.id}><td>${when(row.taken_at, zone)}</td><td>${scaleName(row.instrument)}</td><td class="num"><b>${row.total ?? "–"}</b></td><td>${bandName(row.band)}</td><td>${afterDose(row, course)}</td>
        <td>${row.flags.map((flag) => html`<span key=${flag} class=${flag.startsWith("item_") ? "chip high-soft" : "chip"}>${flag.startsWith("item_") && html`<${Icon} name="shield" />`}${flagName(flag)}</span> `)}</td></tr>`)}</tbody></table>`}
  </section>`;
}

/** "3 days after dose 2": whole days from the last dose before it. */
function afterDose(row, course) {
  const before = course.sessions.filter((one) => one.dose && one.dose.at <= row.taken_at);
  if (!before.length) return t("before dose 1");
  const dose = before.reduce((a, b) => (a.dose.at > b.dose.at ? a : b));
  const days = Math.floor((Date.parse(row.taken_at) - Date.parse(dose.dose.at)) / (24 * 3600000));
  return t("{days} d after dose {n}", { days, n: dose.number });
}
