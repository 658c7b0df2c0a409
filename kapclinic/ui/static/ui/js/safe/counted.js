// A count as it was written down: what was expected, what was there, and what came of the difference.
import { get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { clock, date, day } from "../core/time.js";
import { containersWords, countName, lotName, number, signed } from "./words.js";

export function Counted({ id, data, zone, choose }) {
  const [state, set] = useState({ count: data.counts.find((one) => one.id === id) ?? null, problem: null });
  useEffect(() => {
    if (state.count) return;
    get(`drug-counts/${id}/`).then((count) => set({ count, problem: null }), (problem) => set({ count: null, problem }));
  }, [id]);
  if (state.problem) return html`<p class="note high" role="alert">${words(state.problem)}</p>`;
  const { count } = state;
  if (!count) return null;
  const who = (user) => data.names.get(user) ?? t("somebody of another clinic");
  return html`<div class="pane"><div class="body">
    <h2>${countName(count.kind)}, ${day(count.counted_at, zone)} ${clock(count.counted_at, zone)}</h2>
    <p>${t("Counted by {one} and {other}.", { one: who(count.taken_by), other: who(count.witness) })} ${!count.complete && html`<span class="chip med"><${Icon} name="warn" />${t("not whole: some lots were left out")}</span>`}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${t("Lots of this count")}><table class="list cnt">
      <thead><tr><th>${t("Lot")}</th><th class="num">${t("Books")}</th><th class="num">${t("Counted")}</th><th class="num">${t("Difference")}</th><th>${t("What came of it")}</th></tr></thead>
      <tbody>${count.lines.map((line) => html`<tr key=${line.lot}>
        <td>${lotName(line)} · ${line.lot_number}<br /><span class="small quiet">${t("expires {date}", { date: date(line.expires_on) })}</span></td>
        <td class="num" data-name=${t("Books")}>${number(line.expected_mg)} mg</td>
        <td class="num" data-name=${t("Counted")}>${number(line.counted_mg)} mg<br /><span class="small quiet">${containersWords(line.containers)}</span></td>
        <td class="num" data-name=${t("Difference")}>${line.entry ? html`<b>${signed(line.difference_mg)}</b>` : t("none")}</td>
        <td>${line.discrepancy && html`<button type="button" class="b s" onClick=${() => choose({ missing: line.discrepancy })}>${t("Open the case")}</button>`}</td>
      </tr>`)}</tbody>
    </table></div>
  </div></div>`;
}
