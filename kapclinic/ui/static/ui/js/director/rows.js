// The rows behind a figure, each with the way to whom or what it is about.
import { Dialog } from "../core/dialog.js";
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { alarmTitle } from "../record/alarms.js";
import { signed, verdictOf } from "../record/outcomes.js";
import { stateName, when } from "./words.js";

const hours = (row) => (row.hours === null ? "–" : t("{n} h", { n: Math.round(row.hours * 10) / 10 }));
/** Kind -> [heads, cells of a row]. */
const TABLES = {
  integration: [() => [t("Client"), t("Dose"), t("To integration"), t("State")], (row, zone) => [who(row), html`<a href=${`/bedside/sessions/${row.dosing_session}`}>${when(row.dosed_at, zone)}</a>`, hours(row), stateName(row.state)], (row) => row.obligation],
  notes: [() => [t("Client"), t("Session ended"), t("Age"), t("State")], (row, zone) => [who(row), when(row.completed_at, zone), hours(row), html`<a href=${row.note ? `/notes/${row.note}` : `/notes?session=${row.session}`}>${stateName(row.status)}</a>`], (row) => `${row.session}${row.clinician}${row.note}`],
  alarms: [() => [t("Client"), t("Raised"), t("What"), t("State")], (row, zone) => [who(row), when(row.opened_at, zone), html`<a href=${`/bedside/sessions/${row.session}`}>${alarmTitle(row)}</a>`, row.in_time === false ? t("{state}, not in time", { state: stateName(row.state) }) : stateName(row.state)], (row) => row.alarm],
  outcomes: [() => [t("Client"), t("Dose"), t("Filled in"), t("Total"), t("Change")], (row, zone) => [html`<a href=${`/clients/${row.client}?tab=scores`}>${row.mrn}</a>`, row.dose_number, `${when(row.taken_at, zone)}, ${hours(row)}`, row.baseline === null ? row.total : `${row.baseline} → ${row.total}`, [row.change !== null && signed(row.change), verdictOf(row)].filter(Boolean).join(", ") || "–"], (row) => row.measure],
};

function who(row) {
  return html`<a href=${`/clients/${row.client}`}>${row.mrn}</a>`;
}

/** @param {{kind: string, title: string, rows: any[], zone: string, onClose: () => void}} props */
export function Rows({ kind, title, rows, zone, onClose }) {
  const [heads, cells, key] = TABLES[kind];
  return html`<${Dialog} title=${title} onClose=${onClose} wide>
    <div class="behind" tabindex="0" role="region" aria-label=${title}><table class="list"><thead><tr>${heads().map((head) => html`<th key=${head}>${head}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${key(row)}>${cells(row, zone).map((cell, i) => html`<td key=${i}>${cell}</td>`)}</tr>`)}</tbody></table></div>
  <//>`;
}
