// The week as a list, for phones and paper.
import { all } from "../core/api.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { addDays, clock, dayIn, dayShort, instant } from "../core/time.js";
import { shownName } from "./parts/privacy.js";
import { firstNames, sessionName, columnName } from "./words.js";

/** Where a session stands on the board: by its stage while the client is here, else by its status. */
const OF_STATUS = { held: "booked", scheduled: "booked", checked_in: "arrived", in_progress: "in_session", completed: "done" };
const OF_STAGE = { checked_out: "done" };

function columnOf(row) {
  const stage = ["checked_in", "in_progress"].includes(row.status) && row.stage?.stage;
  return stage ? (OF_STAGE[stage] ?? stage) : OF_STATUS[row.status];
}

/** @param {{day: string, location: string, names: any, zone: string, onDay: (day: string) => void}} props */
export function Week({ day, location, names, zone, onDay }) {
  const [state, set] = useState({ rows: null, problem: null });
  const monday = addDays(day, -((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7));
  const midnight = (n) => new Date(instant(addDays(monday, n), "00:00", zone)).toISOString();
  useEffect(() => {
    let over = false;
    set({ rows: null, problem: null });
    all("sessions/", { location, from: midnight(0), to: midnight(7), ordering: "starts_at" }, 2000)
      .then((rows) => !over && set({ rows: rows.filter(columnOf), problem: null }))
      .catch((problem) => !over && set({ rows: null, problem }));
    return () => {
      over = true;
    };
  }, [monday, location]);
  if (state.problem) return html`<p class="failed">${words(state.problem)}</p>`;
  if (!state.rows) return html`<div class="week"></div>`;
  const on = (date) => state.rows.filter((row) => dayIn(row.starts_at, zone) === date);
  return html`<div class="week">
    <table class="list">
      ${Array.from({ length: 7 }, (_, n) => addDays(monday, n)).map((date) => html`<${Day} key=${date} date=${date} rows=${on(date)} names=${names} zone=${zone} onDay=${onDay} />`)}
    </table>
  </div>`;
}

/** One table for the week, so that its columns stand under each other. */
function Day({ date, rows, names, zone, onDay }) {
  return html`<tbody>
    <tr><th colspan="6" scope="rowgroup"><button type="button" class="b bare" onClick=${() => onDay(date)}>${dayShort(date)}</button></th></tr>
    ${rows.map((row) => html`<tr key=${row.id}>
      <td class="nowrap">${clock(row.starts_at, zone)}–${clock(row.ends_at, zone)}</td><td><b>${shownName(row.client_name)}</b></td><td>${sessionName(row)}</td>
      <td>${names.rooms.get(row.room)?.name ?? t("Video")}</td><td>${firstNames(row, names.staff)}</td><td>${columnName(columnOf(row))}</td>
    </tr>`)}
    ${!rows.length && html`<tr><td colspan="6" class="quiet">${t("No bookings")}</td></tr>`}
  </tbody>`;
}
