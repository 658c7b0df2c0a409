// The same day by where clients are, with the minutes that each has been there.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, lasting } from "../core/time.js";
import { shownName } from "./parts/privacy.js";
import { COLUMNS, columnName, firstNames, heldBack, sessionName, THERE } from "./words.js";

const SHOWN = ["booked", "arrived", "roomed", "in_session", "recovery", "ready", "done"];

/** @param {{board: Api["BoardOut"], names: any, chosen?: string, at: number, zone: string, onChoose: (id: string) => void}} props */
export function Board({ board, names, chosen, at, zone, onChoose }) {
  return html`<div class="cols7">
    ${SHOWN.map((column) => {
      const rows = board.sessions.filter((row) => row.column === column);
      return html`<section class="bcol" key=${column} aria-label=${columnName(column)}>
        <h2><${Icon} name=${COLUMNS[column][0]} /> ${columnName(column)} <span class="faint">${rows.length}</span></h2>
        <ul>
          ${rows.map((row) => html`<li key=${row.id}><${Card} row=${row} names=${names} current=${row.id === chosen} at=${at} zone=${zone} onChoose=${onChoose} /></li>`)}
          ${!rows.length && html`<li class="none">${t("Nobody")}</li>`}
        </ul>
      </section>`;
    })}
  </div>`;
}

/** @param {{row: Api["BoardSessionOut"], names: any, current: boolean, at: number, zone: string, onChoose: (id: string) => void}} props */
function Card({ row, names, current, at, zone, onChoose }) {
  const there = THERE.includes(row.column) && row.since;
  return html`<button type="button" class="bc k-${row.kind}" aria-current=${current ? "true" : undefined} onClick=${() => onChoose(row.id)}>
    <b>${shownName(row.client_name)}</b>
    <span class="small">${sessionName(row)} · ${names.rooms.get(row.room)?.name ?? t("Video")}</span>
    <span class="row wrap small"><span class="grow q">${firstNames(row, names.staff)}</span><span class="mn ${there ? "" : "q"}">${there ? lasting(at - Date.parse(row.since)) : clock(row.starts_at, zone)}</span></span>
    ${heldBack(row).slice(0, 1).map((one) => html`<span class="chip high-soft" key=${one.code}><${Icon} name=${one.icon} />${one.word}</span>`)}
  </button>`;
}
