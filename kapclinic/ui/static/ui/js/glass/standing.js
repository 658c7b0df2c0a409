// What one has opened in an emergency and what still stands: the way back to it, and its end.
import { announce } from "../core/announce.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { place } from "../core/me.js";
import { words } from "../core/problem.js";
import { until, useStanding } from "./known.js";

export function Standing() {
  const [turn, turned] = useState(0);
  const { rows, problem } = useStanding(undefined, turn);
  const write = useWrite(() => (announce(t("The record is closed to you again.")), turned((n) => n + 1)));
  const zone = place.get()?.time_zone ?? "UTC";
  if (!rows?.length && !problem) return null;
  return html`<section class="card" aria-labelledby="gl-stands"><h2 id="gl-stands">${t("Open to you now")}</h2>
    ${(problem ?? write.problem) && html`<p class="note med" role="status"><${Icon} name="warn" /><span>${words(problem ?? write.problem)}</span></p>`}
    <ul class="gl-l">${(rows ?? []).map((row) => html`<li key=${row.id} class="row wrap"><a class="grow" href=${`/clients/${row.client}`}><b>${row.client_mrn}</b></a><span class="small">${t("until {time}", { time: until(row.expires_at, zone) })}</span><button type="button" class="b s" aria-disabled=${write.busy ? "true" : undefined} onClick=${() => write.write(`break-glass/${row.id}/end/`, {})}>${t("End it now")}<span class="vh">: ${row.client_mrn}</span></button></li>`)}</ul>
  </section>`;
}
