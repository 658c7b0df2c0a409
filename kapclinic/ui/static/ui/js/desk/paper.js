// The day on paper: one row a session, the head repeated on each page. On the screen it is not there.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, dayLong } from "../core/time.js";
import { shownName } from "./parts/privacy.js";
import { columnName, GONE, sessionName } from "./words.js";

export function Paper({ board, day, here, names, at }) {
  const zone = here.time_zone;
  const rows = board.sessions.filter((row) => !GONE.includes(row.column)).sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  return html`<section class="paper">
    <h1>${dayLong(day)} · ${here.name}</h1>
    <table class="list">
      <thead><tr><th>${t("Time")}</th><th>${t("Client")}</th><th>${t("MRN")}</th><th>${t("What")}</th><th>${t("Room")}</th><th>${t("With")}</th><th>${t("Ride home")}</th><th>${t("Where they are")}</th></tr></thead>
      <tbody>
        ${rows.map((row) => html`<tr key=${row.id}>
          <td class="nowrap">${clock(row.starts_at, zone)}–${clock(row.ends_at, zone)}</td>
          <td><b>${shownName(row.client_name)}</b></td><td class="nowrap">${row.client_mrn}</td><td>${sessionName(row)}</td>
          <td>${names.rooms.get(row.room)?.name ?? t("Video")}</td><td>${row.staff.map((one) => names.staff.get(one.user)?.name).filter(Boolean).join(", ")}</td>
          <td>${row.escort ? `${row.escort.name}, ${row.escort.phone}` : ""}</td><td>${columnName(row.column)}</td>
        </tr>`)}
        ${!rows.length && html`<tr><td colspan="8">${t("No bookings")}</td></tr>`}
      </tbody>
    </table>
    <p class="small">${t("Printed at {time}. The screen is newer.", { time: clock(at, zone) })}</p>
  </section>`;
}
