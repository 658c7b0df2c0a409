// Protocols that wait for the director: one that is approved binds every course that is opened on it, and never changes.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";

/** @param {{drafts: any, open: (dialog: any) => void}} props */
export function Protocols({ drafts, open }) {
  const rows = drafts.data?.results ?? [];
  if (!rows.length) return null;
  return html`<section class="card" aria-labelledby="protocols"><header><h2 id="protocols">${t("Protocols to approve")}</h2><span class="faint small">${rows.length}</span></header>
    <table class="list"><tbody>${rows.map((row) => html`<tr key=${row.id}><td><b>${row.name}</b> <span class="faint">${t("edition {n}", { n: row.edition })}</span></td><td class="num"><button type="button" class="b s" onClick=${() => open({ kind: "approve", row })}>${t("Look, and approve…")}</button></td></tr>`)}</tbody></table></section>`;
}
