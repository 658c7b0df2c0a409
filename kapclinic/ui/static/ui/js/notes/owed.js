// Integrations that one's own clients are owed, the window that closes first on top; the director sees everybody's.
import { Icon, html, useEffect } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has, me } from "../core/me.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { clock, dayIn, dayShort, lasting } from "../core/time.js";
import { WindowBar } from "../signs/window.js";

const SOON = 12 * 3600000;

/** @param {{place: any, at: number, turn: number, onBook: (row: object) => void}} props `turn` counts what was done on this page */
export function Owed({ place, at, turn, onBook }) {
  const therapist = has("therapist") ? me.get().id : undefined;
  const poll = usePoll("obligations/", { location: place.id, state: "due,booked", therapist, ordering: "window_end", page_size: 50 }, 60);
  const rows = poll.data?.results ?? [];
  useEffect(() => {
    if (turn) poll.again();
  }, [turn]);
  return html`<section class="owe" aria-labelledby="owe">
    <div class="sec-h"><h2 id="owe">${t("Integration owed")}</h2><span class="faint small">${poll.data?.count ?? ""}</span></div>
    ${poll.problem && html`<p class="note med pad">${words(poll.problem)}</p>`}
    ${poll.data && !rows.length && html`<p class="quiet pad small">${t("Nothing is owed. After each dose its integration appears here.")}</p>`}
    <ul class="ol">${rows.map((row) => html`<${One} key=${row.id} row=${row} at=${at} zone=${place.time_zone} onBook=${onBook} />`)}</ul>
  </section>`;
}

function One({ row, at, zone, onBook }) {
  const booked = row.integration_session;
  const left = Date.parse(row.window_end) - at;
  const late = !booked && left < SOON;
  return html`<li class=${late ? "late" : ""}>
    <div class="row"><b class="grow cut">${late && html`<${Icon} name="warn" /> `}${row.client_name}</b><span class="tiny faint nowrap">${t("Dose {n}", { n: row.dose_number })}</span></div>
    <${WindowBar} row=${row} at=${at} booked=${booked?.starts_at} />
    <div class="row small"><span class="grow">${said(row, left, zone)}</span>
      ${!booked && html`<button type="button" class=${late ? "b s high" : "b s"} onClick=${() => onBook(row)}>${t("Book")}<span class="vh"> ${row.client_name}</span></button>`}</div>
  </li>`;
}

function said(row, left, zone) {
  const booked = row.integration_session;
  if (!booked) return left > 0 ? t("Closes in {time}. Not booked", { time: lasting(left) }) : t("Closed {time} ago. Not booked", { time: lasting(-left) });
  const when = `${dayShort(dayIn(booked.starts_at, zone))} ${clock(booked.starts_at, zone)}`;
  return [when, row.room_name].filter(Boolean).join(", ");
}
