// Records of this place that somebody of another place opened in an emergency, until the director says what they found.
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { words } from "../core/problem.js";
import { age, when } from "./words.js";

/** @param {{glasses: any, at: number, open: (dialog: any) => void}} props */
export function Glasses({ glasses, at, open }) {
  /** @type {Api["BreakGlassOut"][]} */
  const rows = glasses.data?.results ?? [];
  if (!rows.length) return null;
  return html`<section class="card" aria-labelledby="glasses"><header><h2 id="glasses">${t("Opened in an emergency")}</h2><span class="chip high-soft">${glasses.data.count}</span></header>
    <table class="list"><tbody>${rows.map((row) => html`<tr key=${row.id}><td><a href=${`/clients/${row.client}`}><b>${row.client_mrn}</b></a><br /><span class="faint small">${t("by {name}", { name: row.user_name })}</span></td>
      <td class="num">${age(at - Date.parse(row.created_at))}</td><td class="num"><button type="button" class="b s" onClick=${() => open({ kind: "glass", row })}>${t("Look, and answer…")}</button></td></tr>`)}</tbody></table></section>`;
}

/** @param {{row: Api["BreakGlassOut"], zone: string, onDone: () => void, onClose: () => void}} props */
export function Answer({ row, zone, onDone, onClose }) {
  const [finding, set] = useState("");
  const write = useWrite(onDone);
  const over = row.ended_at ?? row.expires_at;
  return html`<${Dialog} title=${t("A record that was opened in an emergency")} onClose=${onClose}><div class="db">
      <dl class="dl"><dt>${t("Client")}</dt><dd><a href=${`/clients/${row.client}`}>${row.client_mrn}</a></dd><dt>${t("By")}</dt><dd>${row.user_name}</dd><dt>${t("When")}</dt><dd>${when(row.created_at, zone)} – ${when(over, zone)}</dd><dt>${t("Reason")}</dt><dd>${row.reason}</dd></dl>
      <p class="small quiet">${t("What was read stands in the client's access log.")}</p>
      ${row.allowed_moves.includes("review")
        ? html`<label for="finding">${t("What you found")}</label><textarea id="finding" class="field" rows="3" maxlength="1000" value=${finding} onInput=${(event) => set(event.target.value)}></textarea>`
        : html`<p class="note"><${Icon} name="warn" />${t("You opened it yourself: another medical director answers.")}</p>`}
      ${write.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(write.problem)}</span></p>`}
    </div><div class="df"><button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
      ${row.allowed_moves.includes("end") && html`<button type="button" class="b" disabled=${write.busy || undefined} onClick=${() => write.write(`break-glass/${row.id}/end/`, {})}>${t("Close the record now")}</button>`}
      ${row.allowed_moves.includes("review") && html`<button type="button" class="b go" disabled=${write.busy || !finding.trim() || undefined} onClick=${() => write.write(`break-glass/${row.id}/review/`, { finding })}>${write.busy ? t("Saving…") : t("Keep the answer")}</button>`}</div>
  <//>`;
}
