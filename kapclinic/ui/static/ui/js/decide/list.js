// What waits, one line each: who, what, and what runs out.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { now } from "../core/time.js";
import { askOf, dueOf, kindName, span } from "./words.js";

/** @param {{rows: Api["WaitingDecisionOut"][], chosen: any, address: (row: any) => string, go: (id: string) => void}} props */
export function List({ rows, chosen, address, go }) {
  const open = (event, row) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(row.subject.id);
  };
  return html`<ul class="il" onKeyDown=${step}>
    ${rows.map((row) => {
      const due = dueOf(row);
      return html`<li key=${`${row.kind} ${row.subject.id}`}><a href=${address(row)} aria-current=${row === chosen ? "true" : undefined} onClick=${(event) => open(event, row)}>
        <span class="grow"><b>${row.client_name}</b><br /><span class="small quiet">${kindName(row.kind)} · ${row.reason_gone ? t("What suspended it was taken back: uphold it or void it") : askOf(row.kind)}${row.due_at ? html`, ${t("waits {span}", { span: span(now() - Date.parse(row.since)) })}` : ""}</span></span>
        <span class=${`age ${due.tone}`}>${due.text}</span></a></li>`;
    })}
  </ul>
  ${rows.length > 0 && html`<p class="small faint pq">${t("Sorted by what runs out first. A decision takes you to the next.")}</p>`}`;
}

/** The arrows go from row to row. */
function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const links = [...event.currentTarget.querySelectorAll("a")];
  const next = links[links.indexOf(document.activeElement) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
