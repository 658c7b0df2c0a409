// What was changed in a row, field by field, the newest first: read when somebody opens it.
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { when } from "../desk/parts/pane.js";
import { useOne } from "./known.js";
import { fieldName, valueText } from "./words.js";

/** @param {{type: string, id: string, turn: any, names: Map<string, string>, zone: string}} props */
export function Changes({ type, id, turn, names, zone }) {
  const [open, set] = useState(false);
  const { data, problem } = useOne(open ? "changes/" : null, { object_type: type, object_id: id, page_size: 50 }, turn);
  return html`<details class="chg" onToggle=${(event) => set(event.target.open)}><summary>${t("What was changed")}</summary>
    ${open && problem && html`<p class="note med" role="status">${words(problem)}</p>`}
    ${data?.results.length === 0 && html`<p class="quiet">${t("Nothing was changed since it was made.")}</p>`}
    ${data?.results.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${t("What was changed")}><table class="list">
      <thead><tr><th>${t("When it was")}</th><th>${t("By whom")}</th><th>${t("What")}</th><th>${t("Before")}</th><th>${t("After")}</th></tr></thead>
      <tbody>${data.results.map((row, index) => html`<tr key=${index}><td class="nowrap">${when(row.at, zone)}</td><td>${row.name}</td><td>${fieldName(row.field)}</td><td>${valueText(row.old, names)}</td><td>${valueText(row.new, names)}</td></tr>`)}</tbody>
    </table></div>`}
  </details>`;
}
