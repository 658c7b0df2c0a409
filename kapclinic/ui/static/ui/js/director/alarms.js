// Alarms and safety alerts that nobody has acknowledged, the loudest first.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { alarmLoudness, alarmTitle } from "../record/alarms.js";
import { causeName } from "../client/causes.js";
import { age, when } from "./words.js";

/** @param {{alarms: any, alerts: any, report: any, at: number, zone: string, open: (dialog: any) => void}} props */
export function Alarms({ alarms, alerts, report, at, zone, open }) {
  const rows = [
    ...(alarms.data?.results ?? []).map((row) => ({ row, loud: alarmLoudness(row), title: alarmTitle(row), href: `/bedside/sessions/${row.session}` })),
    ...(alerts.data?.results ?? []).map((row) => ({ row, loud: Date.parse(row.acknowledge_by) < at ? "high" : "med", title: causeName(row.cause), href: `/clients/${row.client}?tab=screening`, by: row.acknowledge_by })),
  ].sort((a, b) => Number(b.loud === "high") - Number(a.loud === "high") || a.row.created_at.localeCompare(b.row.created_at));
  const count = (alarms.data?.count ?? 0) + (alerts.data?.count ?? 0);
  const problem = alarms.problem ?? alerts.problem;
  const totals = report.data?.totals;
  return html`<section class="card alm" aria-labelledby="alarms"><header><h2 id="alarms">${t("Open alarms")}</h2>${count > 0 && html`<span class="chip high">${count}</span>`}</header>
    ${problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(problem)}</span><button type="button" class="b s" onClick=${() => (alarms.again(), alerts.again())}>${t("Try again")}</button></p>`}
    ${(alarms.waiting || alerts.waiting) && html`<p class="pad"><button type="button" class="b s" onClick=${() => (alarms.release(), alerts.release())}>${t("There is something newer: show it")}</button></p>`}
    <ul>${rows.map(({ row, loud, title, href, by }) => html`<li key=${row.id} class=${loud}><${Icon} name=${by ? "shield" : loud === "high" ? "stop" : "warn"} />
      <div class="grow"><a href=${href}><b>${title}</b></a> <span class="small">${[row.client_name, row.room_name].filter(Boolean).join(" · ")}</span><br />
        <span class="small">${[by && t("acknowledge by {time}", { time: when(by, zone) }), row.assigned_to].filter(Boolean).join(" · ")}</span></div>
      <span class="ago">${age(at - Date.parse(row.created_at))}</span></li>`)}</ul>
    ${alarms.data && alerts.data && !rows.length && html`<p class="quiet pad">${t("No alarm is open.")}</p>`}
    ${totals && html`<p class="small quiet pad">${t("Acknowledged in time:")} ${totals.in_time === null ? t("too few for a figure") : html`<b>${t("{n} of {all}", { n: totals.in_time, all: totals.alarms })}</b>`}
      ${totals.alarms > 0 && html` · <button type="button" class="lnk small" onClick=${() => open({ kind: "alarms", title: t("Alarms of the period"), rows: report.data.rows })}>${t("All rows")}</button>`}</p>`}
  </section>`;
}
