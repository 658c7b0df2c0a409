// Drug that is not where the books say, with the clocks that run: found, notice to the DEA, Form 106.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { addDays, date, instant } from "../core/time.js";
import { due, signedMg, when } from "./words.js";

/** @param {{missing: any, at: number, zone: string}} props */
export function Drugs({ missing, at, zone }) {
  const rows = (missing.data?.results ?? []).filter((row) => row.state !== "closed");
  return html`<section class="card dsc" aria-labelledby="drugs"><header><h2 id="drugs">${t("Drug discrepancies")}</h2>${rows.length > 0 && html`<span class="chip high-soft">${t("{n} open", { n: rows.length })}</span>`}</header>
    <div class="scr" tabindex="0" role="region" aria-label=${t("Drug discrepancies")}>
      ${missing.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(missing.problem)}</span><button type="button" class="b s" onClick=${missing.again}>${t("Try again")}</button></p>`}
      ${missing.data && !rows.length && html`<p class="quiet pad">${t("The books and the safe agree.")} <a href="/safe">${t("Safe")}</a></p>`}
      ${rows.map((row) => html`<${Case} key=${row.id} row=${row} at=${at} zone=${zone} />`)}</div></section>`;
}

function Case({ row, at, zone }) {
  const runs = ["open", "reported"].includes(row.state);
  const form = new Date(instant(addDays(row.form_106_due_on, 1), "00:00", zone)).toISOString();
  const step = (done, moment) => (done ? "done" : runs && Date.parse(moment) < at ? "cur late" : runs ? "cur" : "");
  return html`<div class="disc"><div class="row"><b class="grow">${t("Lot {number}", { number: row.lot_number })} · ${row.drug}</b><span class="chip high-soft">${signedMg(row.difference_mg)}</span></div>
    <p class="small quiet">${t("The books say {expected} mg, there were {counted} mg.", { expected: Number(row.expected_mg), counted: Number(row.counted_mg) })} ${row.explained_at && t("Explained: {why}", { why: row.explanation })}</p>
    <ol class="clk"><li class="done"><${Icon} name="ok" /><span>${t("Found")} <small>${when(row.discovered_at, zone)}</small></span></li>
      <li class=${step(row.notified_at, row.notice_due_at)}><${Icon} name=${row.notified_at ? "ok" : "wait"} /><span>${t("Notice to the DEA")} <small>${row.notified_at ? when(row.notified_at, zone) : runs ? t("by {time}, {left}", { time: when(row.notice_due_at, zone), left: due(row.notice_due_at, at) }) : t("not asked for any more")}</small></span></li>
      <li class=${step(row.filed_at, form)}><${Icon} name=${row.filed_at ? "ok" : "doc"} /><span>${t("Form 106")} <small>${row.filed_at ? when(row.filed_at, zone) : runs ? t("by {time}, {left}", { time: date(row.form_106_due_on), left: due(form, at) }) : t("not asked for any more")}</small></span></li></ol>
    <div class="row"><a class="b s" href=${`/safe?missing=${row.id}`}>${row.allowed_moves.length ? t("Answer it at the safe…") : t("See it at the safe")}</a><span class="grow"></span><a class="small" href=${`/safe?lot=${row.lot}`}>${t("This lot")}</a></div></div>`;
}
