// The right side: what the plan brings, or what the chosen session does; each break with the one button that mends it.
import { Icon, html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { together } from "./judged.js";
import { keyOf } from "./rows.js";
import { clashWords, rowName, when } from "./words.js";

const LOUD = { breaks: ["high", "stop", () => t("breaks")], warns: ["med", "warn", () => t("warns")], moves: ["", "arrow", () => t("moves")] };

/** @param {{rows: object[], plan: object, zone: string, onMend: (row: object, remedy: object) => void, onBooked: (remedy: object) => void, named: boolean}} props */
export function Effects({ rows, plan, zone, onMend, onBooked, named }) {
  const shown = together(rows, plan.look.effects);
  const offered = new Set(); // a row with two breaks is mended once
  return html`<ul class="effs">
    ${shown.map((one, i) => {
      const [loud, icon, word] = LOUD[one.severity];
      const own = one.severity === "breaks" && one.remedy?.session === null ? one.remedy : null;
      const first = own && !offered.has(keyOf(one.rows[0]));
      if (own) offered.add(keyOf(one.rows[0]));
      return html`<li key=${i} class=${loud}><${Icon} name=${icon} /><div>
        <span class="tiny up">${word()}</span>
        ${named && html`<h3>${one.rows.length > 3 ? many(one.rows.length, "{n} session", "{n} sessions") : one.rows.map(rowName).join(", ")}</h3>`}
        <p class="small">${one.detail}</p>
        ${first && html`<button type="button" class="b s" onClick=${() => onMend(one.rows[0], own)}>${t("Move {what} to {when}", { what: rowName(one.rows[0]).toLowerCase(), when: when(own.starts_at, zone) })}</button>`}
        ${one.remedy?.session && html`<button type="button" class="b s" onClick=${() => onBooked(one.remedy)}>${t("Move the booked one to {when}…", { when: when(one.remedy.starts_at, zone) })}</button>`}
        ${one.severity === "breaks" && !one.remedy && html`<p class="small">${t("No free time near mends it: choose another one, or other wishes.")}</p>`}
      </div></li>`;
    })}
  </ul>`;
}

/** Why the booking was refused, or did not come to an answer. */
export function Refusal({ plan, names, zone }) {
  const problem = plan.booking.problem;
  if (!problem) return null;
  const row = (plan.rows ?? []).find((one) => keyOf(one) === plan.booking.row);
  const conflicts = problem.extra?.conflicts ?? [];
  const unknown = problem.passing && problem.status !== 429; // the server may have done it all the same
  return html`<div class="note high" role="alert"><${Icon} name="stop" /><div>
    <p><b>${unknown ? t("Not known whether it is booked") : t("Nothing was booked")}</b></p>
    ${unknown && html`<p>${t("No clear answer came from the server. Book again: it acts once.")}</p>`}
    ${row && html`<p>${rowName(row)}, ${when(row.starts_at, zone)}</p>`}
    ${!unknown && (conflicts.length ? conflicts.map((one, i) => html`<p key=${i}>${clashWords(one, names, zone)}</p>`) : html`<p>${words(problem)}</p>`)}
  </div></div>`;
}
