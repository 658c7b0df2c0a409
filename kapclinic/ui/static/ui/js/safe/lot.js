// One lot: what it is, what it should hold, and each line of its ledger.
import { all } from "../core/api.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { lazy } from "../core/lazy.js";
import { words } from "../core/problem.js";
import { clock, date, dayIn } from "../core/time.js";
import { containersWords, kindName, lotName, number, signed } from "./words.js";

const Entry = lazy(() => import("./entry.js"), "Entry");
const UNTOUCHED = ["receive", "count", "correct"];

function useLedger(lot) {
  const [state, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    all(`drug-lots/${lot.id}/entries/`).then((rows) => !over && set({ rows, problem: null }), (problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [lot.id, lot.version, lot.balance_mg]);
  return state;
}

/** @param {{lot: object, data: object, place: object, zone: string, keeps: boolean, again: () => void}} props */
export function Lot({ lot, data, place, zone, keeps, again }) {
  const ledger = useLedger(lot);
  const [open, set] = useState(false);
  const rows = ledger.rows ?? [];
  const untouched = rows.length > 0 && rows.every((row) => UNTOUCHED.includes(row.kind));
  return html`<div class="pane">
    <div class="body">
      <h2>${lotName(lot)} · ${lot.lot_number}</h2>
      ${lot.voided && html`<p class="note med">${t("Entered in error: {reason}", { reason: lot.voided.reason })}</p>`}
      <dl class="dl wide">
        <dt>${t("The books say")}</dt><dd><b>${number(lot.balance_mg)} mg</b> <span class="quiet">${containersWords(lot.containers)}</span></dd>
        <dt>${t("Received")}</dt><dd>${number(lot.quantity_mg)} mg, ${date(dayIn(lot.created_at, zone))}${lot.container_mg ? `, ${t("{mg} mg in each", { mg: number(lot.container_mg) })}` : ""}</dd>
        <dt>${t("Expires on")}</dt><dd>${date(lot.expires_on)}</dd>
        <dt>${t("Supplier")}</dt><dd>${[lot.supplier, lot.supplier_address, lot.supplier_dea_number].filter(Boolean).join(", ")}</dd>
        <dt>${t("Invoice number")}</dt><dd>${lot.invoice}</dd>
        ${lot.ndc && html`<dt>${t("NDC")}</dt><dd>${lot.ndc}</dd>`}
      </dl>
      <h3>${t("Ledger, the newest first")}</h3>
      ${ledger.problem && html`<p class="note high" role="alert">${words(ledger.problem)}</p>`}
      <${Ledger} rows=${[...rows].sort((a, b) => b.sequence - a.sequence)} names=${data.names} zone=${zone} />
    </div>
    ${keeps && !lot.voided && html`<footer><span class="small quiet">${t("What is drawn for a dose is entered at the bedside.")}</span><button type="button" class="b go big" onClick=${() => set(true)}>${t("Enter what happened…")}</button></footer>`}
    ${open && html`<${Entry} lot=${lot} untouched=${untouched} place=${place} onDone=${() => (set(false), again())} onClose=${() => set(false)} />`}
  </div>`;
}

function Ledger({ rows, names, zone }) {
  const who = (id) => (id ? names.get(id) ?? t("somebody of another clinic") : "");
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("Ledger, the newest first")}><table class="list">
    <thead><tr><th class="num">${t("No.")}</th><th>${t("When it happened")}</th><th>${t("What happened")}</th><th class="num">${t("Moved")}</th><th class="num">${t("Holds then")}</th><th>${t("Written by")}</th></tr></thead>
    <tbody>${rows.map((row) => {
      const at = row.occurred_at ?? row.created_at;
      return html`<tr key=${row.id}>
        <td class="num">${row.sequence}</td><td class="nowrap">${date(dayIn(at, zone))} ${clock(at, zone)}</td>
        <td>${kindName(row.kind)}${row.given_mg !== null && html`<br /><span class="small quiet">${t("{given} mg given, {wasted} mg wasted", { given: number(row.given_mg), wasted: number(row.wasted_mg) })}</span>`}${row.reason && html`<br /><span class="small quiet">${row.reason}</span>`}</td>
        <td class="num">${signed(row.delta_mg)}</td><td class="num">${number(row.balance_mg)} mg</td>
        <td>${who(row.created_by)}${row.witness && html`<br /><span class="small quiet">${t("seen by {name}", { name: who(row.witness) })}</span>`}</td>
      </tr>`;
    })}</tbody>
  </table></div>`;
}
