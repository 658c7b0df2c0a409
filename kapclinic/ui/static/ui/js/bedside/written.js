// What is written down of this session beside readings and doses: observations, events, and what waits on the tablet.
import { get } from "../core/api.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { clock } from "../core/time.js";
import { termName } from "./event.js";

const PARTS = { observation: () => t("Observation"), event: () => t("Event") };

/** Again whenever fewer wait: one of them has arrived. */
function useWritten(session, waiting) {
  const [state, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    Promise.all([get(`sessions/${session}/record/`), get(`sessions/${session}/adverse-events/`, { page_size: 100 })]).then(
      ([record, events]) => over || set({ rows: [...record.entries.map(entryLine), ...events.results.map(eventLine)], problem: null }),
      (problem) => over || set((old) => ({ ...old, problem })),
    );
    return () => (over = true);
  }, [session, waiting]);
  return state;
}

function entryLine(row) {
  const text = row.content.text ?? Object.entries(row.content).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`).join(" · ");
  return { id: row.id, at: Date.parse(row.observed_at), what: PARTS[row.part]?.() ?? row.part, text, by: row.recorded_by_name, gone: row.void?.reason };
}

function eventLine(row) {
  const text = [row.term_text || termName(row.term), t("grade {n}", { n: row.grade }), row.treatment].filter(Boolean).join(" · ");
  return { id: row.id, at: Date.parse(row.onset_at), what: t("Event"), text, by: "" };
}

function unsentLine(item) {
  const { content, observed_at, term, onset_at } = item.body;
  return { id: item.key, at: Date.parse(observed_at ?? onset_at), what: PARTS[item.what](), text: content?.text ?? termName(term), by: t("on tablet") };
}

export function Written({ session, items, zone }) {
  const waiting = items.filter((item) => PARTS[item.what]);
  const { rows, problem } = useWritten(session, waiting.length);
  const lines = [...(rows ?? []), ...waiting.map(unsentLine)].sort((a, b) => b.at - a.at);
  return html`<div class="scr all" tabindex="0" role="region" aria-label=${t("Record")}>
    ${problem && html`<p class="strip">${words(problem)}</p>`}
    <table class="list">
      <thead><tr><th>${t("When")}</th><th>${t("Part")}</th><th>${t("Written")}</th><th>${t("Noted by")}</th></tr></thead>
      <tbody>
        ${lines.map((line) => html`<tr key=${line.id}><td class="nowrap">${clock(line.at, zone)}</td><td>${line.what}</td><td><span class=${line.gone ? "struck" : ""}>${line.text}</span>${line.gone && html` ${t("voided")}: ${line.gone}`}</td><td>${line.by}</td></tr>`)}
        ${rows && !lines.length && html`<tr><td colspan="4" class="quiet">${t("Nothing is written down yet.")}</td></tr>`}
      </tbody>
    </table>
  </div>`;
}
