// How the session of a note stands: whoever was there says that it has begun, and that it took place.
import { announce } from "../core/announce.js";
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { words } from "../core/problem.js";
import { clock } from "../core/time.js";

/** @param {{session: Api["SessionOut"], zone: string, again: () => void}} props */
export function Visit({ session, zone, again }) {
  const write = useWrite(() => {
    announce(t("The server has it."));
    again();
  });
  const may = (move) => session.allowed_moves.includes(move) && (session.kind !== "dosing" || session.outcome === "dosed");
  if (!may("start") && !may("complete")) return null;
  const act = (path) => () => write.write(`sessions/${session.id}/${path}/`, {});
  return html`<section><h2>${t("The session")}</h2>
    <p class="small quiet">${session.started_at ? t("Begun {time}, not ended yet.", { time: clock(session.started_at, zone) }) : t("The client is here.")}</p>
    <div class="row wrap">${may("start") && html`<button type="button" class="b s" aria-disabled=${write.busy ? "true" : undefined} onClick=${act("start")}>${t("It has begun")}</button>`}
      ${may("complete") && html`<button type="button" class="b s" aria-disabled=${write.busy ? "true" : undefined} onClick=${act("complete")}>${t("It took place, and is over")}</button>`}</div>
    ${write.problem && html`<p class="note high small" role="alert"><${Icon} name="warn" />${words(write.problem)}</p>`}
  </section>`;
}
