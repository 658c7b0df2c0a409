// Scores: of each scale the total before dose 1, the last one, and what became of it, beside the course.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { date, dayIn } from "../core/time.js";
import { percentOf, signed, useOutcomes, verdictOf } from "../record/outcomes.js";
import { bandName, scaleName } from "./words.js";

/** @param {{course: any, program: any, zone: string, turn: any}} props */
export function ScoresCard({ course, program, zone, turn }) {
  const { rows, problem } = useOutcomes(course, program?.id, turn);
  return html`<section class="card meas" aria-labelledby="scores"><header><h2 id="scores">${t("Scores")}</h2></header>
    ${problem && html`<p class="note med" role="status"><${Icon} name="warn" />${words(problem)}</p>`}
    ${rows && !rows.length && html`<p class="quiet pad">${t("No scale was filled in during this course.")}</p>`}
    ${rows?.length > 0 && html`<div class="scr" tabindex="0" role="region" aria-label=${t("Scores")}><table class="list"><thead><tr><th>${t("Scale")}</th><th class="num">${t("Before dose 1")}</th><th class="num">${t("Last")}</th><th class="num">${t("Change")}</th></tr></thead>
      <tbody>${rows.map((row) => html`<${Row} key=${row.instrument} row=${row} zone=${zone} />`)}</tbody></table></div>`}
  </section>`;
}

function Row({ row, zone }) {
  const last = row.points.at(-1);
  const verdict = verdictOf(row);
  return html`<tr><td>${scaleName(row.instrument)} <span class="faint">${last && date(dayIn(last.taken_at, zone)).split(" ").slice(0, 2).join(" ")}</span></td>
    <td class="num">${row.baseline ?? html`<span class="faint">${t("none")}</span>`}</td>
    <td class="num wrap">${last ? html`<b>${last.total}</b> ${bandName(last.band)}` : "–"}</td>
    <td class="num wrap">${row.change === null ? "–" : html`${signed(row.change)} <span class="faint">${percentOf(row)}</span>`}${verdict && html`<br /><span class=${row.worsening ? "chip high-soft" : "chip"}>${verdict}</span>`}</td></tr>`;
}
