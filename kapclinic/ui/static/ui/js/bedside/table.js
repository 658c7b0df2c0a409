// The readings as a table: where each one is, and taking one back with a reason.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { lazy } from "../core/lazy.js";
import { has } from "../core/me.js";
import { clock } from "../core/time.js";
import { worst } from "./bands.js";
import { bandWord, checkName, loudness } from "./words.js";

const Void = lazy(() => import("./void.js"), "Void");

/** @param {{rows: object[], checks: object[], zone: string, onVoided: () => void, bandsOf?: any, all?: boolean}} props */
export function Readings({ rows, checks, zone, onVoided, bandsOf }) {
  const [voiding, setVoiding] = useState(null);
  return html`<div class="scr" tabindex="0" role="region" aria-label=${t("Readings")}>
    <table class="list">
      <thead>
        <tr><th>${t("When")}</th><th>${t("BP")}</th><th>${t("HR")}</th><th>SpO₂</th><th>${t("Sed.")}</th><th>${t("Where it is")}</th><th><span class="vh">${t("Take back")}</span></th></tr>
      </thead>
      <tbody>
        ${[...rows].reverse().map((row) => html`<${Line} key=${row.id} row=${row} checks=${checks} zone=${zone} bands=${row.bands ?? bandsOf(row)} onVoid=${onVoided && (() => setVoiding(row))} />`)}
        ${!rows.length && html`<tr><td colspan="7" class="quiet">${t("No reading yet.")}</td></tr>`}
      </tbody>
    </table>
    ${voiding && html`<${Void} row=${voiding} zone=${zone} onDone=${() => (setVoiding(null), onVoided())} onClose=${() => setVoiding(null)} />`}
  </div>`;
}

function Line({ row, checks, zone, bands, onVoid }) {
  const check = checks.find((one) => one.id === row.check);
  const loud = loudness(worst(bands ?? {}));
  const gone = row.voided ? "struck" : "";
  return html`<tr>
    <td class="nowrap ${gone}">${clock(row.at, zone)} <span class="faint">${check ? checkName(check) : ""}</span></td>
    <td class="nowrap ${gone}"><b>${row.systolic ?? "–"}/${row.diastolic ?? "–"}</b> ${loud !== "ok" && html`<${Icon} name=${loud === "high" ? "stop" : "warn"} /><span class="vh">${bandWord(worst(bands))}</span>`}</td>
    <td class=${gone}>${row.heart_rate ?? "–"}</td>
    <td class=${gone}>${row.spo2 ?? "–"}</td>
    <td class=${gone}>${row.sedation ?? "–"}</td>
    <td>${gone ? t("voided") : html`<${Where} item=${row.unsent} />`}</td>
    <td class="num">${onVoid && !row.unsent && !gone && has("nurse_practitioner", "medical_director") && html`<button type="button" class="b bare s" onClick=${onVoid}>${t("Void…")}<span class="vh"> ${clock(row.at, zone)}</span></button>`}</td>
  </tr>`;
}

function Where({ item }) {
  if (!item) return html`<span class="chip good"><${Icon} name="ok" />${t("on server")}</span>`;
  if (item.state === "sending") return html`<span class="chip"><${Icon} name="arrow" />${t("sending")}</span>`;
  return html`<span class="chip med"><${Icon} name="off" />${item.memoryOnly ? t("on this page only") : t("on tablet")}</span>`;
}
