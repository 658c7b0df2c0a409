// The chart of a session: bands of the protocol, baseline, dose, readings and the checks to come. Its table is beside it.
import { html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, MINUTE } from "../core/time.js";

const [LEFT, TOP, LOW, MOST] = [36, 18, 40, 210];
const [SIDE, BELOW] = [8, 26]; // room at the right edge and under the axis, in px

/** Minutes shown: from the first reading or twenty before the dose to the last check or two hours after it. */
export function span(rows, checks, zero) {
  const minutes = [...rows.map((row) => row.at), ...checks.map((check) => Date.parse(check.planned_at))].map((ms) => (ms - zero) / MINUTE);
  const from = Math.min(-15, ...minutes) - 8;
  return [Math.max(from, -180), Math.max(125, ...minutes.map((m) => m + 6))];
}

/** [ref, [width, height]] of the element in px: the chart is drawn at its size, so its letters keep theirs. */
function useSize() {
  const box = useRef(null);
  const [size, set] = useState([764, 322]);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      if (width > 0 && height > 0) set([Math.round(width), Math.round(height)]);
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return [box, size];
}

/** @param {{rows: {at: number}[], checks: object[], dosedAt: number|null, bands: object|null, baseline: object|null, at: number, zone: string, dose?: any}} props */
export function Trend({ rows, checks, dosedAt, bands, baseline, at, zone, dose }) {
  const [box, [wide, high]] = useSize();
  const [RIGHT, FOOT] = [wide - SIDE, high - BELOW];
  const zero = dosedAt ?? rows[0]?.at ?? at;
  const [from, to] = span(rows, checks, zero);
  const x = (ms) => LEFT + (((ms - zero) / MINUTE - from) / (to - from)) * (RIGHT - LEFT);
  const y = (value) => FOOT - ((Math.max(LOW, Math.min(MOST, value)) - LOW) / (MOST - LOW)) * (FOOT - TOP);
  const frame = { x, y, zero, RIGHT, FOOT };
  return html`<svg class="ch" ref=${box} viewBox=${`0 0 ${wide} ${high}`} role="img" aria-labelledby="trend-t trend-d">
    <title id="trend-t">${t("Vital signs since the dose")}</title>
    <desc id="trend-d">${described(rows, zone)}</desc>
    ${bands && html`<${Bands} bp=${bands.bp} ...${frame} />`}
    <${Axes} from=${from} to=${to} ...${frame} />
    ${baseline?.systolic && html`<line class="base" x1=${LEFT} x2=${RIGHT} y1=${y(baseline.systolic)} y2=${y(baseline.systolic)} />
      <text x=${RIGHT - 4} y=${y(baseline.systolic) - 4} text-anchor="end">${t("baseline {bp}", { bp: `${baseline.systolic}/${baseline.diastolic}` })}</text>`}
    ${dosedAt !== null && html`<line class="dose" x1=${x(dosedAt)} x2=${x(dosedAt)} y1=${TOP - 4} y2=${FOOT} />
      <text class="ds" x=${x(dosedAt) + 5} y=${TOP + 8}>${dose ?? t("dose")}</text>`}
    ${x(at) < RIGHT && html`<line class="at" x1=${x(at)} x2=${x(at)} y1=${TOP - 4} y2=${FOOT} />`}
    ${checks.map((check) => html`<${Due} key=${check.id} check=${check} ...${frame} />`)}
    <${Marks} rows=${rows} ...${frame} />
  </svg>`;
}

function described(rows, zone) {
  if (!rows.length) return t("No reading yet.");
  const last = rows.at(-1);
  return t("{n} readings. The last, at {time}: {bp}, heart rate {hr}.", {
    n: rows.length,
    time: clock(last.at, zone),
    bp: `${last.systolic ?? "–"}/${last.diastolic ?? "–"}`,
    hr: last.heart_rate ?? "–",
  });
}

function Bands({ bp, y, RIGHT }) {
  const [red, amber] = [y(bp.red[0]), y(bp.hold[0])];
  return html`<rect class="red" x=${LEFT} width=${RIGHT - LEFT} y=${TOP} height=${red - TOP} />
    <rect class="amber" x=${LEFT} width=${RIGHT - LEFT} y=${red} height=${amber - red} />
    <text class="lb" x=${RIGHT - 4} y=${red - 6} text-anchor="end">${t("red > {bp}", { bp: bp.red.join("/") })}</text>
    <text class="lb" x=${RIGHT - 4} y=${amber - 6} text-anchor="end">${t("amber > {bp}", { bp: bp.hold.join("/") })}</text>`;
}

function Axes({ from, to, x, y, zero, RIGHT, FOOT }) {
  const values = [40, 60, 80, 100, 120, 140, 160, 180, 200];
  const step = to - from > 300 ? 60 : 30;
  const first = Math.ceil(from / step) * step;
  const minutes = Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, i) => first + i * step);
  return html`${values.map((value) => html`<line class="gl" x1=${LEFT} x2=${RIGHT} y1=${y(value)} y2=${y(value)} />
      <text x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${value}</text>`)}
    ${minutes.map((m) => html`<text x=${x(zero + m * MINUTE)} y=${FOOT + 16} text-anchor="middle">${m === minutes.at(-1) ? `${m} min` : m}</text>`)}`;
}

function Due({ check, x, y, FOOT }) {
  const at = x(Date.parse(check.planned_at));
  return html`<line class="due-line" x1=${at} x2=${at} y1=${y(160)} y2=${FOOT} /><circle class="due-mark" cx=${at} cy=${y(LOW)} r="4.5" />`;
}

function Marks({ rows, x, y }) {
  const hearts = rows.filter((row) => row.heart_rate !== null);
  return html`<path class="hr" d=${hearts.map((row, i) => `${i ? "L" : "M"}${x(row.at)} ${y(row.heart_rate)}`).join("")} />
    ${hearts.map((row) => html`<path key=${`h${row.id}`} class="tri" d=${`M${x(row.at)} ${y(row.heart_rate) - 6}l6 10h-12z`} />`)}
    ${rows.filter((row) => row.systolic !== null && row.diastolic !== null).map((row) => html`<g key=${row.id} class=${row.unsent ? "unsent" : ""}>
      <line class="span" x1=${x(row.at)} x2=${x(row.at)} y1=${y(row.systolic)} y2=${y(row.diastolic)} />
      <circle class="sys" cx=${x(row.at)} cy=${y(row.systolic)} r="5" />
      <rect class="dia" x=${x(row.at) - 5} y=${y(row.diastolic) - 5} width="10" height="10" />
      <text class="vl" x=${x(row.at)} y=${y(row.systolic) - 10} text-anchor="middle">${row.systolic}</text>
    </g>`)}`;
}
