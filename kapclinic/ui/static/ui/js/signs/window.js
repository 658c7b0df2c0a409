// The window of an integration: hours after the dose, the box from first to last, hatched as it is used up, a leaf where one is booked.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";

const HOUR = 3600000;

/** Hours after the dose of a moment. */
function after(row, moment) {
  return (Date.parse(moment) - Date.parse(row.dosed_at)) / HOUR;
}

/**
 * @param {{row: object, at?: number, booked?: string}} props `row`: an obligation, or what a dose to come will owe;
 *   `at`: now, left out before the dose; `booked`: when its integration starts
 */
export function WindowBar({ row, at, booked }) {
  const [opens, closes] = [after(row, row.window_start), after(row, row.window_end)];
  const scale = Math.max(96, closes + 12);
  const nowAt = at === undefined ? 0 : Math.max(0, Math.min(scale, (at - Date.parse(row.dosed_at)) / HOUR));
  const late = !booked && closes - nowAt < 12;
  const label = at === undefined
    ? t("window {a} to {b} h after the dose; integration at {c} h", { a: opens.toFixed(0), b: closes.toFixed(0), c: after(row, booked).toFixed(0) })
    : booked
    ? t("{h} h after the dose; window {a} to {b} h; integration at {c} h", { h: nowAt.toFixed(0), a: opens.toFixed(0), b: closes.toFixed(0), c: after(row, booked).toFixed(0) })
    : t("{h} h after the dose; window {a} to {b} h; nothing booked", { h: nowAt.toFixed(0), a: opens.toFixed(0), b: closes.toFixed(0) });
  const style = { "--scale": scale, "--opens": opens, "--closes": closes, "--now": nowAt };
  return html`<div class=${late ? "win late" : "win"} role="img" aria-label=${label} style=${style}>
    <i class="open"></i>${at !== undefined && html`<i class="gone"></i><i class="now"></i>`}
    ${booked &&
    html`<svg class="at" viewBox="0 0 16 16" aria-hidden="true" style=${{ "--at": Math.max(0, Math.min(scale, after(row, booked))) }}>
      <path d="M13.5 2.5C6 2.5 2.5 6 3 12.5c6.5.5 10-3 10.5-10z" stroke="currentColor" stroke-width="1.6" />
    </svg>`}
  </div>`;
}
