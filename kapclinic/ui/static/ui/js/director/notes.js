// Notes that are not signed, by who owes them, each as a bar of its age.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";

const DAY = 24; // hours
const LONGEST = 14; // days; a bar does not grow beyond

/** Who owes notes, each with their own, the oldest first. @param {any[]} rows */
function peopleOf(rows) {
  const found = new Map();
  for (const row of [...rows].sort((a, b) => b.hours - a.hours)) found.set(row.clinician, [...(found.get(row.clinician) ?? []), row]);
  return [...found].map(([id, own]) => ({ id, own }));
}

/** @param {{report: any, at: number, open: (dialog: any) => void, again: () => void}} props */
export function NotesCard({ report, at, open, again }) {
  const rows = (report.data?.rows ?? []).filter((row) => !row.signed_at);
  const people = peopleOf(rows);
  const totals = report.data?.totals;
  return html`<section class=${report.old ? "card nts old" : "card nts"} aria-labelledby="unsigned"><header><h2 id="unsigned">${t("Notes not signed")}</h2>
      ${totals && totals.in_time_percent !== null && html`<button type="button" class="lnk small" onClick=${() => open({ kind: "notes", title: t("Notes of the period"), rows: report.data.rows })}>${t("{n} % in time", { n: Math.round(totals.in_time_percent) })}</button>`}</header>
    <div class="scr" tabindex="0" role="region" aria-label=${t("Notes not signed")}>
    ${report.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(report.problem)}</span><button type="button" class="b s" onClick=${again}>${t("Try again")}</button></p>`}
    ${report.data && !people.length && html`<p class="quiet pad">${t("Every note of the period is signed.")}</p>`}
    ${people.length > 0 && html`<table class="list"><thead><tr><th>${t("Author")}</th><th class="num">${t("Open")}</th><th>${t("Age, days")}</th><th class="num">${t("Oldest")}</th></tr></thead><tbody>
      ${people.map(({ id, own }) => html`<tr key=${id}><td><button type="button" class="lnk" onClick=${() => open({ kind: "notes", title: own[0].clinician_name, rows: own })}>${own[0].clinician_name}</button></td><td class="num"><b>${own.length}</b></td>
        <td><span class="ages" aria-hidden="true">${own.slice(0, 8).map((row) => html`<i key=${`${row.session}${row.note}`} class=${Date.parse(row.due_at) < at ? "o" : ""} style=${{ "--d": Math.min(LONGEST, row.hours / DAY) }}></i>`)}</span></td><td class=${Date.parse(own[0].due_at) < at ? "num hi" : "num"}>${t("{n} d", { n: Math.floor(own[0].hours / DAY) })}</td></tr>`)}</tbody></table>`}</div></section>`;
}
