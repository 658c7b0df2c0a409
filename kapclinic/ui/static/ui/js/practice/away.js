// When somebody is away, as it is written down.
import { all } from "../core/api.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { now } from "../core/time.js";
import { when } from "../desk/parts/pane.js";

/** Times off of a person that are not over. */
export function useAway(id, turn) {
  const [state, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    all(`staff/${id}/time-off/`).then(
      (rows) => !over && set({ rows: rows.filter((row) => Date.parse(row.ends_at) > now()), problem: null }),
      (problem) => !over && set((old) => ({ ...old, problem })),
    );
    return () => {
      over = true;
    };
  }, [id, turn]);
  return state;
}

export function Away({ away, zone, onCancel }) {
  if (away.problem) return html`<p class="note med" role="status">${words(away.problem)}</p>`;
  if (!away.rows?.length) return html`<p class="quiet">${away.rows ? t("No time off is written down.") : ""}</p>`;
  return html`<ul class="lines">${away.rows.map((row) => html`<li key=${row.id}><span class="grow">${when(row.starts_at, zone)} – ${when(row.ends_at, zone)} <span class="quiet">${row.reason}</span></span>
    ${onCancel && html`<button type="button" class="b s" onClick=${() => onCancel(row)}>${t("Take it back…")}<span class="vh"> ${when(row.starts_at, zone)}</span></button>`}</li>`)}</ul>`;
}
