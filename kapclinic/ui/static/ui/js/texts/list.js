// Documents and languages, one row each: which text is in force, and which one comes.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { date } from "../core/time.js";
import { documentName, tongue } from "../links/documents.js";

/** @param {{rows: any[], chosen: any, choose: (id: string) => void}} props */
export function List({ rows, chosen, choose }) {
  const step = (by) => () => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, rows.findIndex((row) => row === chosen) + by))];
    if (!next || next === chosen) return;
    choose(next.id);
    requestAnimationFrame(() => document.getElementById(`row-${next.id}`)?.focus());
  };
  useKeys({ ArrowUp: step(-1), ArrowDown: step(1) });
  return html`<ul class="il">${rows.map((row) => html`<li key=${row.id}><button type="button" id=${`row-${row.id}`} aria-current=${row === chosen ? "true" : undefined} onClick=${() => choose(row.id)}>
    <span class="row"><b class="grow">${documentName(row.document)}</b><span class="age">${tongue(row.language)}</span></span><span class="small quiet">${stateOf(row)}</span></button></li>`)}</ul>`;
}

/** "Version 2, since 1 Dec 2026", and what follows it. */
function stateOf(row) {
  if (!row.now && !row.coming) return t("No text in this language");
  const parts = [row.now ? versionOf(row.now) : t("none in force"), row.coming && t("version {version} from {date}", { version: row.coming.version, date: date(row.coming.effective_on) })];
  return parts.filter(Boolean).join(" · ");
}

export function versionOf(one) {
  if (one.shipped) return t("Version {version}, as it ships", { version: one.version });
  return t("Version {version}, since {date}", { version: one.version, date: date(one.effective_on) });
}
