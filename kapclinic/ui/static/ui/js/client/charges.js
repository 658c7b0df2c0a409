// What this course was charged with, for whoever bills.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { date } from "../core/time.js";

/** @param {{course: any}} props */
export function Charges({ course }) {
  const rows = course?.charges ?? [];
  if (!rows.length) return null;
  return html`<section class="card meas" aria-labelledby="charges"><header><h2 id="charges">${t("Charges")}</h2></header><div class="scr" tabindex="0" role="region" aria-label=${t("Charges")}><table class="list"><tbody>
    ${rows.map((row) => html`<tr key=${row.id}><td>${date(row.date_of_service)}</td><td>${row.label}</td><td class="num">${row.amount}</td><td class="num quiet">${t("{amount} open", { amount: row.balance })}</td></tr>`)}</tbody></table></div></section>`;
}
