// Scores: first and last of each scale, beside the course.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { date, dayIn } from "../core/time.js";
import { pointsOf } from "./known.js";
import { bandName, scaleName } from "./words.js";

/** "−57 %" from the first total to the last; nothing where there is one alone, or none to compare with. */
function change(rows) {
  const [first, last] = [rows[0].total, rows.at(-1).total];
  if (rows.length < 2 || !first) return "–";
  const percent = Math.round(((last - first) / first) * 100);
  return `${percent < 0 ? "−" : percent > 0 ? "+" : ""}${Math.abs(percent)} %`;
}

/** @param {{course: any, zone: string}} props */
export function ScoresCard({ course, zone }) {
  const points = [...pointsOf(course?.measures ?? [])];
  return html`<section class="card meas" aria-labelledby="scores"><header><h2 id="scores">${t("Scores")}</h2></header>
    ${course && !points.length && html`<p class="quiet pad">${t("No scale was filled in during this course.")}</p>`}
    ${points.length > 0 && html`<div class="scr" tabindex="0" role="region" aria-label=${t("Scores")}><table class="list"><thead><tr><th>${t("Scale")}</th><th class="num">${t("First")}</th><th class="num">${t("Last")}</th><th class="num">${t("Change")}</th></tr></thead>
      <tbody>${points.map(([name, rows]) => html`<tr key=${name}><td>${scaleName(name)} <span class="faint">${date(dayIn(rows.at(-1).taken_at, zone)).split(" ").slice(0, 2).join(" ")}</span></td><td class="num">${rows[0].total}</td><td class="num wrap"><b>${rows.at(-1).total}</b> ${bandName(rows.at(-1).band)}</td><td class="num">${change(rows)}</td></tr>`)}</tbody></table></div>`}
  </section>`;
}
