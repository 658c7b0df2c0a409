// Every filling-in of a scale during the course, newest first, with the dose that it came after.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useOutcomes } from "../record/outcomes.js";
import { bandName, flagName, scaleName, when } from "./words.js";

/** @param {{course: any, program: any, zone: string, turn: any}} props */
export function Scores({ course, program, zone, turn }) {
  const { rows: outcomes } = useOutcomes(course, program?.id, turn);
  const points = new Map((outcomes ?? []).flatMap((one) => one.points.map((point) => [point.measure, point])));
  const rows = [...(course?.measures ?? [])].sort((a, b) => b.taken_at.localeCompare(a.taken_at));
  return html`<section class="card" aria-labelledby="all-scores"><header><h2 id="all-scores">${t("Scores of this course")}</h2></header>
    ${course && !rows.length && html`<p class="quiet pad">${t("No scale was filled in during this course.")}</p>`}
    ${rows.length > 0 && html`<table class="list"><thead><tr><th>${t("Time")}</th><th>${t("Scale")}</th><th class="num">${t("Total")}</th><th>${t("Band")}</th><th>${t("After which dose")}</th><th>${t("Flags")}</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.id}><td>${when(row.taken_at, zone)}</td><td>${scaleName(row.instrument)}</td><td class="num"><b>${row.total ?? "–"}</b></td><td>${bandName(row.band)}</td><td>${outcomes && afterDose(points.get(row.id))}</td>
        <td>${row.flags.map((flag) => html`<span key=${flag} class=${flag.startsWith("item_") ? "chip high-soft" : "chip"}>${flag.startsWith("item_") && html`<${Icon} name="shield" />`}${flagName(flag)}</span> `)}</td></tr>`)}</tbody></table>`}
  </section>`;
}

/** "3 d after dose 2" by the clinic's days; one that gave no total stands on no axis. */
function afterDose(point) {
  if (!point) return "–";
  return point.dose_number === null ? t("before dose 1") : t("{days} d after dose {n}", { days: point.days_since_dose, n: point.dose_number });
}
