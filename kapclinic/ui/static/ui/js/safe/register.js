// The register: what an inspector reads, day by day, and the same on paper.
import { all } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { addDays, clock, date, dayIn, now } from "../core/time.js";
import { Field } from "./form.js";
import { kindName, lotName, number, signed } from "./words.js";

const MOST = 1000;

/** @param {{place: object, zone: string}} props */
export function Register({ place, zone }) {
  const today = dayIn(now(), zone);
  const [span, set] = useState({ from: addDays(today, -30), to: today });
  const [state, tell] = useState({ rows: null, problem: null });
  const query = { location: place.id, ...span };
  useEffect(() => {
    let over = false;
    if (span.from > span.to) return undefined;
    all("drug-register/", query, MOST).then((rows) => !over && tell({ rows, problem: null }), (problem) => !over && tell((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [span.from, span.to, place.id]);
  const rows = state.rows ?? [];
  return html`<div class="pane">
    <div class="body">
      <h2>${t("Register")}</h2>
      <div class="two touch">${["from", "to"].map((name) => html`<${Field} key=${name} id=${name} type="date" max=${today} label=${name === "from" ? t("From day") : t("To day")} value=${span[name]} wrong=${name === "to" && span.from > span.to ? t("It ends before it begins.") : ""} set=${(text) => text && set({ ...span, [name]: text })} />`)}</div>
      ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
      ${state.rows && !rows.length && html`<p class="empty">${t("Nothing moved in these days.")}</p>`}
      ${rows.length > 0 && html`<${Lines} rows=${rows} zone=${zone} />`}
      ${rows.length >= MOST && html`<p class="note med">${t("Only the first {n} lines are shown: the sheet on paper has all.", { n: MOST })}</p>`}
    </div>
    <footer><span class="small quiet">${t("On paper it is one sheet with all that an inspector asks for.")}</span><a class="b go big" href=${`/api/v1/drug-register/pdf/?${new URLSearchParams(query)}`} target="_blank" rel="noopener"><${Icon} name="print" />${t("Open the sheet to print")}</a></footer>
  </div>`;
}

function Lines({ rows, zone }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("Register")}><table class="list">
    <thead><tr><th>${t("Lot")}</th><th class="num">${t("No.")}</th><th>${t("When it happened")}</th><th>${t("What happened")}</th><th class="num">${t("Moved")}</th><th class="num">${t("Holds then")}</th><th>${t("Written by")}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <td>${lotName(row)} · ${row.lot_number}</td><td class="num">${row.sequence}</td>
      <td class="nowrap">${date(row.date)} ${clock(row.occurred_at, zone)}</td>
      <td>${kindName(row.kind)}${row.client && html`<br /><span class="small quiet">${row.client.name}</span>`}${row.given_mg !== null && html`<br /><span class="small quiet">${t("{given} mg given, {wasted} mg wasted", { given: number(row.given_mg), wasted: number(row.wasted_mg) })}</span>`}${row.reason && html`<br /><span class="small quiet">${row.reason}</span>`}</td>
      <td class="num">${signed(row.delta_mg)}</td><td class="num">${number(row.balance_mg)} mg</td>
      <td>${row.by.name}${row.witness && html`<br /><span class="small quiet">${t("seen by {name}", { name: row.witness.name })}</span>`}</td>
    </tr>`)}</tbody>
  </table></div>`;
}
