// Rows of the inbox: whose session it was, how old it is, and where its words are.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort } from "../core/time.js";
import { kindName } from "../desk/words.js";
import { heldDraft } from "./draft.js";
import { addressOf } from "./route.js";

/** @param {{rows: any[], route: any, go: any, zone: string, at?: number}} props */
export function Rows({ rows, route, go, zone, at }) {
  return html`<ul class="il">${rows.map((row) => html`<li key=${row.key}><${Row} row=${row} route=${route} go=${go} zone=${zone} today=${dayIn(at ?? 0, zone)} /></li>`)}</ul>`;
}

function Row({ row, route, go, zone, today }) {
  const to = row.note ? { note: row.note } : { session: row.session };
  const current = row.note ? route.note === row.note : !route.note && route.session === row.session;
  const day = dayIn(row.starts_at, zone);
  const held = row.note && heldDraft(`notes/${row.note}/`);
  const open = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return; // another tab of one's own
    event.preventDefault();
    go(to);
  };
  return html`<a id=${`row-${row.key}`} href=${addressOf({ ...to, tab: route.tab })} aria-current=${current ? "true" : undefined} onClick=${open}>
    <i class=${`kdot k-${row.kind}`}></i>
    <span class="grow"><b>${row.name}</b><br /><span class="small quiet">${kindName(row.kind)} ${row.number} · ${day === today ? t("today {time}", { time: clock(row.starts_at, zone) }) : dayShort(day)}</span></span>
    <span class=${row.late ? "age late" : "age"}>${row.late && html`<${Icon} name="warn" />`}${row.age}<small>${held ? t("words on this page") : row.said}</small></span>
  </a>`;
}
