// Exports and runs that were asked for, by whom, and how far each is.
import { html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { place } from "../core/me.js";
import { clock, dayIn } from "../core/time.js";
import { farness } from "./jobs.js";
import { hrefOf } from "./known.js";
import { More, Row, Stand, useSteps } from "./parts.js";
import { dayName, jobName, spanName } from "./words.js";

/** @param {{jobs: any, current: any, nav: any, open: (id: string, step?: boolean) => void, ask: () => void}} props */
export function Exports({ jobs, current, nav, open, ask }) {
  const zone = place.get().time_zone;
  useSteps(jobs.rows.map((row) => row.id), current?.id, (id) => open(id, true));
  return html`<div class="scr" tabindex="0" role="region" aria-label=${t("Exports")}>
    <p class="only"><button type="button" class="b s" onClick=${ask}>${t("Export…")} <kbd>e</kbd></button></p>
    <${Stand} list=${jobs} />
    ${jobs.data && !jobs.rows.length && html`<p class="empty">${t("Nothing was exported yet. What you export waits here, with its checksum.")}</p>`}
    ${jobs.rows.length > 0 && html`<table class="list">
      <thead><tr><th>${t("Asked for")}</th><th>${t("What is exported")}</th><th>${t("Days covered")}</th><th>${t("Asked by")}</th><th>${t("How far")}</th></tr></thead>
      <tbody>${jobs.rows.map((row) => html`<${Row} key=${row.id} id=${row.id} href=${hrefOf(nav.said, { row: row.id })} open=${open} current=${current === row} first=${html`<td class="nowrap">${dayName(dayIn(row.created_at, zone))} ${clock(row.created_at, zone)}</td>`} name=${jobName(row)}>
        <td>${spanName(row.from_date, row.to_date)}</td><td>${row.asked_by}</td><td class="small">${farness(row)}${row.skipped.length > 0 && html`<br />${many(row.skipped.length, "{n} was left out.", "{n} were left out.")}`}</td>
      <//>`)}</tbody>
    </table>`}
    ${jobs.lists.map((list, i) => html`<${More} key=${i} list=${list} />`)}
  </div>`;
}
