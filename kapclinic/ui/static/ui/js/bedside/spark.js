// The small chart of a ward row: systolic to diastolic as bars, heart rate as a dashed line, by minutes since the dose.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";

const [WIDE, HIGH, FROM, TO, LOW, TOP] = [250, 66, -35, 130, 40, 200];

const x = (minute) => ((Math.max(FROM, Math.min(TO, minute)) - FROM) / (TO - FROM)) * WIDE;
/** Where a minute since the dose stands, in per cent of the width. */
export const across = (minute) => (100 * x(minute)) / WIDE;
const y = (value) => HIGH - 4 - ((Math.max(LOW, Math.min(TOP, value)) - LOW) / (TOP - LOW)) * (HIGH - 8);

/** @param {{rows: Api["WardReadingOut"][], dosedAt: number | null, bands?: object, at: number}} props `at`: ms now */
export function Spark({ rows, dosedAt, bands, at }) {
  const zero = dosedAt ?? at;
  const points = rows.map((row) => ({ ...row, x: x((Date.parse(row.measured_at) - zero) / 60000) }));
  const heart = points.filter((row) => row.heart_rate !== null);
  return html`<svg class="sp" viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none" role="img"
      aria-label=${t("Blood pressure and heart rate since the dose, {n} readings", { n: rows.length })}>
    ${bands && html`<${Bands} bp=${bands.bp} />`}
    ${dosedAt !== null && html`<line class="dose" x1=${x(0)} x2=${x(0)} y1="2" y2=${HIGH - 2} />`}
    <path class="pulse" d=${heart.map((row, i) => `${i ? "L" : "M"}${row.x} ${y(row.heart_rate)}`).join("")} />
    ${points.map((row) => row.systolic !== null && row.diastolic !== null && html`<${Bar} key=${row.id} row=${row} />`)}
  </svg>`;
}

function Bands({ bp }) {
  return html`<rect class="red" x="0" width=${WIDE} y="0" height=${y(bp.red[0])} />
    <rect class="amber" x="0" width=${WIDE} y=${y(bp.red[0])} height=${y(bp.hold[0]) - y(bp.red[0])} />`;
}

function Bar({ row }) {
  const [top, foot] = [y(row.systolic), y(row.diastolic)];
  return html`<line class="bar-line" x1=${row.x} x2=${row.x} y1=${top} y2=${foot} />
    <path class="end" d="M${row.x} ${top}h.01M${row.x} ${foot}h.01" />`;
}
