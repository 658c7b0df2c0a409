// Clients who answered by a link, and wait for a clinician who reads it and takes it over: what comes first stands first.
import { Icon, html, useEffect } from "../core/h.js";
import { t } from "../core/i18n.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { clock, dayIn, dayShort } from "../core/time.js";

const SECONDS = 60;
const MINUTE = 60000;

/** "Tue 1 Dec 13:00" */
const when = (moment, zone) => `${dayShort(dayIn(moment, zone))} ${clock(moment, zone)}`;

/** Of a screening the row is due at once, of a session when that begins. */
function whatOf(row, zone) {
  if (Date.parse(row.due_at) - Date.parse(row.created_at) < MINUTE) return t("The questions before a course");
  return t("What is asked before the session of {time}", { time: when(row.due_at, zone) });
}

/** @param {{place: any, turn?: any}} props `turn` counts what was done on this page */
export function Answered({ place, turn }) {
  const poll = usePoll("tasks/", { kind: "client_answered", role: "me", state: "open", location: place.id, ordering: "due_at", page_size: 50 }, SECONDS);
  useEffect(() => {
    if (turn) poll.again();
  }, [turn]);
  const rows = poll.data?.results ?? [];
  if (!rows.length && !poll.problem) return null;
  return html`<section class="answ" aria-labelledby="answered"><div class="sec-h"><h2 id="answered">${t("Answered by the client")}</h2><span class="faint small">${poll.data?.count ?? ""}</span></div>
    ${poll.problem && html`<p class="note med"><${Icon} name="warn" /><span>${words(poll.problem)}</span><button type="button" class="b s" onClick=${poll.again}>${t("Try again")}</button></p>`}
    <ul class="answ-l">${rows.map((row) => html`<li key=${row.id}><a href=${`/clients/${row.client}?tab=links&link=${row.subject_id}`}><${Icon} name="doc" /><span class="grow"><b>${row.client_name}</b><br /><span class="small quiet">${whatOf(row, place.time_zone)}<br />${t("waits since {time}", { time: when(row.created_at, place.time_zone) })}</span></span></a></li>`)}</ul>
  </section>`;
}
