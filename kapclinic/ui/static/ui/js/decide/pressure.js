// The resting blood pressures of the screenings of six months: a disc is systolic, a square diastolic.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, day, now } from "../core/time.js";

const MONTHS = 183 * 86400000;
const [LOW, HIGH, TALL] = [50, 190, 120];
const MOST = 8;

export function Pressures({ about }) {
  const { screenings, zone } = about;
  const taken = screenings.flatMap((row) => row.blood_pressures).filter((one) => now() - Date.parse(one.measured_at) < MONTHS);
  const seen = new Map(taken.map((one) => [`${one.measured_at} ${one.systolic}`, one])); // a screening that is carried on tells them again
  const rows = [...seen.values()].sort((a, b) => Date.parse(a.measured_at) - Date.parse(b.measured_at)).slice(-MOST);
  return html`<section><h2>${t("Blood pressure, 6 months")}</h2>
    ${rows.length ? html`<${Chart} rows=${rows} />
      <ul class="small ml">${rows.slice(-3).map((one) => html`<li key=${one.measured_at + one.systolic}><b>${one.systolic}/${one.diastolic}</b><span class="quiet">${day(one.measured_at, zone)} ${clock(one.measured_at, zone)}</span></li>`)}</ul>`
    : html`<p class="small quiet">${t("None was taken at a screening.")}</p>`}
  </section>`;
}

function Chart({ rows }) {
  const y = (value) => TALL - ((Math.min(HIGH, Math.max(LOW, value)) - LOW) / (HIGH - LOW)) * TALL;
  const x = (index) => 20 + (index * 220) / Math.max(1, MOST - 1);
  const name = t("Systolic from {first} to {last}", { first: rows[0].systolic, last: rows.at(-1).systolic });
  return html`<svg viewBox="0 0 260 120" role="img" aria-label=${name}>
    ${[80, 120, 160].map((value) => html`<g key=${value}><line x1="0" x2="260" y1=${y(value)} y2=${y(value)} class="gr" /><text x="258" y=${y(value) - 2} text-anchor="end">${value}</text></g>`)}
    ${rows.map((one, index) => html`<g key=${index}>
      <line x1=${x(index)} x2=${x(index)} y1=${y(one.systolic)} y2=${y(one.diastolic)} class="bp" />
      <circle cx=${x(index)} cy=${y(one.systolic)} r="3.5" class="ink" /><rect x=${x(index) - 3} y=${y(one.diastolic) - 3} width="6" height="6" class="ink" /></g>`)}
  </svg>`;
}
