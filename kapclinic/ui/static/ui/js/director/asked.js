// What somebody asked for and a second person has to approve: resets of second factors, openings of private notes.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { age } from "./words.js";

const OPEN = 48 * 3600000; // ms; what nobody decided in two days is asked for anew

/** @param {{resets: any, openings: any, at: number}} props */
export function Asked({ resets, openings, at }) {
  const rows = [...(resets.data?.results ?? []), ...(openings.data?.results ?? [])].filter((row) => at - Date.parse(row.created_at) < OPEN);
  if (!rows.length) return null;
  return html`<section class="card" aria-labelledby="asked"><header><h2 id="asked">${t("A second person approves")}</h2><span class="faint small">${rows.length}</span></header>
    <table class="list"><tbody>${rows.map((row) => html`<tr key=${row.id}><td><a href=${`/people?tab=asked&row=${row.id}`}><b>${row.name}</b></a><br /><span class="faint small">${row.sealed_at ? t("asks for the private notes") : t("lost the second factor")}</span></td><td class="num">${age(at - Date.parse(row.created_at))}</td></tr>`)}</tbody></table></section>`;
}
