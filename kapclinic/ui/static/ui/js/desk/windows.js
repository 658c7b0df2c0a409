// Integrations that are owed, the one whose window closes first on top.
import { Icon, html, useEffect } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { clock, dayIn, dayShort, lasting } from "../core/time.js";
import { WindowBar } from "../signs/window.js";
import { shownName } from "./parts/privacy.js";

const SOON = 12 * 3600000;

/** @param {{place: object, at: number, turn: number, onFind: (row: object) => void, onCall: (row: object) => void}} props `turn` counts what was done on this page: it is asked again at once */
export function Windows({ place, at, turn, onFind, onCall }) {
  const poll = usePoll("obligations/", { location: place.id, state: "due,booked", ordering: "window_end", page_size: 50 }, 30);
  const rows = poll.data?.results ?? [];
  useEffect(() => {
    if (turn) poll.again();
  }, [turn]);
  return html`<section class="owed" aria-labelledby="owed">
    <div class="sec-h">
      <h2 id="owed">${t("Integration windows")} <span class="faint">${many(poll.data?.count ?? 0, "{n} open", "{n} open")}</span></h2>
    </div>
    ${poll.problem && html`<p class="note med">${words(poll.problem)}</p>`}
    ${poll.data && !rows.length && html`<p class="quiet pad">${t("Nothing is owed. After each dose its integration appears here.")}</p>`}
    <ul>${rows.map((row) => html`<${Owed} key=${row.id} row=${row} at=${at} place=${place} onFind=${onFind} onCall=${onCall} />`)}</ul>
  </section>`;
}

function Owed({ row, at, place, onFind, onCall }) {
  const zone = place.time_zone;
  const booked = row.integration_session;
  const left = Date.parse(row.window_end) - at;
  const late = !booked && left < SOON;
  return html`<li class=${late ? "late" : ""}>
    <div class="row">
      <b class="cut grow">${shownName(row.client_name)}</b>
      <span class="faint tiny nowrap">${t("Dose {n}", { n: row.dose_number })} · ${dayShort(dayIn(row.dosed_at, zone))} ${clock(row.dosed_at, zone)}</span>
    </div>
    <${WindowBar} row=${row} at=${at} booked=${booked?.starts_at} />
    <div class="row">
      <span class="small grow ${late ? "" : "quiet"}">${said(row, left, zone)}</span>
      ${!booked && html`<button type="button" class="b s ${late ? "high" : ""}" onClick=${() => onFind(row)}>${t("Find a slot")}<span class="vh"> ${shownName(row.client_name)}</span></button>`}
      ${booked && !booked.client_confirmed_at && html`<button type="button" class="b s" onClick=${() => onCall(row)}><${Icon} name="phone" />${t("Call")}<span class="vh"> ${shownName(row.client_name)}</span></button>`}
    </div>
  </li>`;
}

function said(row, left, zone) {
  const booked = row.integration_session;
  if (!booked) return left > 0 ? t("Closes in {time}. No slot booked", { time: lasting(left) }) : t("Closed {time} ago. No slot booked", { time: lasting(-left) });
  const when = `${dayShort(dayIn(booked.starts_at, zone))} ${clock(booked.starts_at, zone)}`;
  return booked.client_confirmed_at ? t("{when}. Confirmed", { when }) : t("{when}. Not confirmed with the client", { when });
}
