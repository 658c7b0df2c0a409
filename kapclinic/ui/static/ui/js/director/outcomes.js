// What became of clients after each dose: response, remission and worsening by the number of the dose, with the rows behind.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { signed } from "../record/outcomes.js";
import { useReport } from "./known.js";

const SCALES = { phq9: "PHQ-9", gad7: "GAD-7", pcl5: "PCL-5", audit_c: "AUDIT-C", dast10: "DAST-10", qids_sr16: "QIDS-SR16", madrs: "MADRS", cadss: "CADSS", bprs: "BPRS" };

/** The newest row of each course, which the last line counts. */
function newestOf(rows) {
  const seen = new Set();
  return rows.filter((row) => !seen.has(row.program) && seen.add(row.program));
}

/** @param {{asked: any, turn: any, said: any, go: (change: object) => void, open: (dialog: any) => void, again: () => void}} props */
export function Outcomes({ asked, turn, said, go, open, again }) {
  const scale = said.scale in SCALES ? said.scale : "phq9";
  const report = useReport("reports/outcomes/", { ...asked, instrument: scale }, turn);
  const { data } = report;
  const show = (title, rows) => open({ kind: "outcomes", title, rows });
  return html`<section class=${report.old ? "card out old" : "card out"} aria-labelledby="outcomes"><header><h2 id="outcomes">${t("After each dose")}</h2>
      <label class="vh" for="which-scale">${t("Scale")}</label><select id="which-scale" class="field pick" value=${scale} onChange=${(event) => go({ scale: event.target.value === "phq9" ? null : event.target.value })}>${Object.entries(SCALES).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}</select></header>
    <div class="scr" tabindex="0" role="region" aria-label=${t("After each dose")}>
    ${report.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(report.problem)}</span><button type="button" class="b s" onClick=${again}>${t("Try again")}</button></p>`}
    ${!data && !report.problem && html`<div class="skels" aria-hidden="true">${[1, 2, 3].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`}
    ${data && !data.groups.length && html`<p class="quiet pad">${t("Nobody filled in this scale after a dose in this period.")}</p>`}
    ${data?.groups.length > 0 && html`<table class="list"><thead><tr><th>${t("Last total after")}</th><th class="num">${t("How many")}</th><th class="num">${t("with a total before dose 1")}</th><th class="num">${t("Responded")}</th><th class="num">${t("Remission")}</th><th class="num">${t("Worse")}</th><th class="num">${t("Median change")}</th></tr></thead>
      <tbody>${data.groups.map((row) => html`<${Line} key=${row.dose_number} row=${row} name=${t("Dose {n}", { n: row.dose_number })} show=${(title) => show(title, data.rows.filter((one) => one.dose_number === row.dose_number))} />`)}
      <${Line} row=${data.totals} name=${t("Last of each course")} show=${(title) => show(title, newestOf(data.rows))} /></tbody></table>`}</div></section>`;
}

/** One group: fewer than five say how many they are and nothing else. */
function Line({ row, name, show }) {
  const few = row.median_change === null; // without a cut of the protocol there is no response, but there is a change
  return html`<tr><td><button type="button" class="lnk" onClick=${() => show(name)}>${name}</button></td><td class="num">${row.clients}</td><td class="num">${row.measured}</td>
    ${few
      ? html`<td colspan="4" class="quiet">${t("too few for a figure")}</td>`
      : html`<${Share} n=${row.response} percent=${row.response_percent} /><${Share} n=${row.remission} percent=${row.remission_percent} /><${Share} n=${row.worsening} percent=${row.worsening_percent} />
        <td class="num">${row.median_change === null ? "–" : signed(row.median_change)}</td>`}</tr>`;
}

function Share({ n, percent }) {
  return html`<td class="num">${percent === null ? "–" : html`<b>${Math.round(percent)} %</b> <span class="faint">${n}</span>`}</td>`;
}
