// Where the words of a draft are: on this page, on their way, or on the server, and since when.
import { announce } from "../core/announce.js";
import { Icon, html, useEffect } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { clockSeconds } from "../core/time.js";

/** @param {{draft: any, state: any, zone: string}} props */
export function Where({ draft, state, zone }) {
  const lost = state.where === "page" && state.problem;
  useEffect(() => {
    if (lost) announce(t("No answer from the server. Your words are on this page, and are sent as soon as it answers."));
  }, [!!lost]);
  if (state.where === "none") return html`<span class="chip">${t("Nothing is written yet")}</span>`;
  if (state.where === "server") return html`<span class="chip good"><${Icon} name="ok" />${t("On the server {time}", { time: clockSeconds(draft.row.updated_at, zone) })}</span><span class="small faint">${t("version {n}", { n: draft.row.version })}</span>`;
  if (state.where === "sending") return html`<span class="chip"><${Icon} name="arrow" />${t("Sending…")}</span>`;
  const refused = state.where === "refused";
  return html`<span class=${refused ? "chip high-soft" : lost ? "chip med" : "chip"}><${Icon} name=${refused ? "stop" : lost ? "off" : "pen"} />${refused ? t("On this page: refused") : t("On this page")}</span>
    ${lost && html`<span class="small">${t("No answer: sent again by itself. Do not close this page.")}</span>`}
    ${refused && html`<span class="small">${words(state.problem)}</span>`}
    ${(lost || refused) && html`<button type="button" class="b s" onClick=${() => draft.save()}>${t("Save now")}</button>`}`;
}
