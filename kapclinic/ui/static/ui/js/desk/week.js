// The week as a list, for phones and paper.
import { call } from "../core/api.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { addDays, clock, dayShort } from "../core/time.js";
import { shownName } from "./parts/privacy.js";
import { firstNames, GONE, sessionName, columnName } from "./words.js";

export function Week({ day, location, names, zone, onDay }) {
  const [state, set] = useState({ days: null, problem: null });
  const monday = addDays(day, -((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7));
  useEffect(() => {
    let over = false;
    const days = Array.from({ length: 7 }, (_, i) => addDays(monday, i));
    Promise.all(days.map((date) => call("GET", "day-board/", { query: { location, date } })))
      .then((answers) => !over && set({ days: answers.map((one) => one.data), problem: null }))
      .catch((problem) => !over && set({ days: null, problem }));
    return () => {
      over = true;
    };
  }, [monday, location]);
  if (state.problem) return html`<p class="failed">${words(state.problem)}</p>`;
  return html`<div class="week">
    <table class="list">
      ${(state.days ?? []).map((board) => html`<${Day} key=${board.date} board=${board} names=${names} zone=${zone} onDay=${onDay} />`)}
    </table>
  </div>`;
}

/** One table for the week, so that its columns stand under each other. */
function Day({ board, names, zone, onDay }) {
  const rows = board.sessions.filter((row) => !GONE.includes(row.column));
  return html`<tbody>
    <tr><th colspan="6" scope="rowgroup"><button type="button" class="b bare" onClick=${() => onDay(board.date)}>${dayShort(board.date)}</button></th></tr>
    ${rows.map((row) => html`<tr key=${row.id}>
      <td class="nowrap">${clock(row.starts_at, zone)}–${clock(row.ends_at, zone)}</td><td><b>${shownName(row.client_name)}</b></td><td>${sessionName(row)}</td>
      <td>${names.rooms.get(row.room)?.name ?? t("Video")}</td><td>${firstNames(row, names.staff)}</td><td>${columnName(row.column)}</td>
    </tr>`)}
    ${!rows.length && html`<tr><td colspan="6" class="quiet">${t("No bookings")}</td></tr>`}
  </tbody>`;
}
