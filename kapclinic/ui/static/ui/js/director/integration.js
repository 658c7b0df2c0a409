// Integration on time: the figure, what it consists of, and each dose as a mark by the hours to its integration.
import { Icon, html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { addDays, date } from "../core/time.js";

const WIDTH = 600;
const LEFT = 58;
const RIGHT = 576;
const TOP = 8;
const STEP = 28;
const CLOSE = 19; // of a year
const HOURS = 120; // later than that stands at the edge, with its hours
const HOUR = 3600000;
const LANES = [0, -5, 5, -9, 9]; // so that marks of one week do not lie on one another

/** @param {{report: any, weeks: number, open: (dialog: any) => void, again: () => void}} props */
export function Integration({ report, weeks, open, again }) {
  const { data } = report;
  const rows = data?.rows ?? [];
  const outside = rows.filter((row) => ["met_late", "missed"].includes(row.state)).length;
  const show = (states, title) => () => open({ kind: "integration", title, rows: rows.filter((row) => states.includes(row.state)) });
  return html`<section class=${report.old ? "card big1 old" : "card big1"} aria-labelledby="on-time"><header><h2 id="on-time">${t("Integration on time")}</h2>
      ${outside > 0 && html`<button type="button" class="lnk small" onClick=${show(["met_late", "missed"], t("Outside the window"))}>${many(outside, "{n} outside: see it", "{n} outside: see them")}</button>`}
      ${rows.length > 0 && html`<button type="button" class="lnk small" onClick=${show(["met", "met_late", "missed", "waived", "booked", "due"], t("All doses"))}>${t("All rows")}</button>`}</header>
    ${report.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(report.problem)}</span><button type="button" class="b s" onClick=${again}>${t("Try again")}</button></p>`}
    ${!data && !report.problem && html`<div class="skels" aria-hidden="true">${[1, 2, 3].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`}
    ${data && html`<div class="b1"><${Figures} data=${data} show=${show} /><${Plot} rows=${rows} period=${data} weeks=${weeks} /></div>`}
  </section>`;
}

function Figures({ data, show }) {
  const { totals, rows } = data;
  const few = totals.on_time === null;
  const unbooked = rows.filter((row) => row.state === "due").length;
  const line = (label, n, states, loud) => html`<dt>${label}</dt><dd>${n > 0 ? html`<button type="button" class=${loud ? "lnk hi" : "lnk"} onClick=${show(states, label)}>${n}</button>` : (n ?? "–")}</dd>`;
  return html`<div class="fig"><b>${totals.on_time_percent === null ? "–" : Math.round(totals.on_time_percent)} <small>%</small></b>
    <span>${few ? many(totals.doses, "{n} dose: too few for a figure", "{n} doses: too few for a figure") : t("{n} of {all} that are over", { n: totals.on_time, all: totals.on_time + totals.late + totals.missed })}</span>
    <dl class="dl">${line(t("in window"), totals.on_time, ["met"])}${line(t("late"), totals.late, ["met_late"], true)}${line(t("waived"), totals.waived, ["waived"])}${line(t("missed"), totals.missed, ["missed"], true)}${line(t("open now"), totals.open, ["due", "booked"])}
      ${unbooked > 0 && html`<dt>${t("not booked")}</dt><dd><button type="button" class="lnk hi" onClick=${show(["due"], t("not booked"))}>${unbooked}</button></dd>`}
      <dt>${t("median")}</dt><dd>${totals.median_hours === null ? "–" : t("{n} h", { n: Math.round(totals.median_hours) })}</dd></dl></div>`;
}

/** Monday of a day. */
function mondayOf(day) {
  return addDays(day, -((new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7));
}

/** @param {{rows: any[], period: any, weeks: number}} props */
function Plot({ rows, period, weeks }) {
  const marks = rows.filter((row) => row.hours !== null || ["missed", "waived"].includes(row.state));
  const per = weeks > 12 ? 4 : 1; // a year is drawn in spans of four weeks
  const first = mondayOf(period.from);
  const lines = [];
  for (let day = first; day <= period.to; day = addDays(day, 7 * per)) lines.push(day);
  const x = (h) => LEFT + (Math.min(h, HOURS) / HOURS) * (RIGHT - LEFT);
  const line = (day) => lines.findLastIndex((one) => one <= day);
  const step = per > 1 ? CLOSE : STEP;
  const y = (i) => TOP + 34 + i * step;
  const [opens, closes] = windowOf(rows);
  const foot = y(lines.length - 1) + 26;
  const seen = lines.map(() => 0);
  const label = t("Hours from the dose to its integration, by week: {n} in the window of {all}", { n: marks.filter((row) => row.state === "met").length, all: marks.length });
  return html`<div class="plot" tabindex="0" role="region" aria-label=${t("Hours to integration")}><svg viewBox=${`0 0 ${WIDTH} ${foot + 24}`} role="img" aria-label=${label}>
    ${opens !== null && html`<rect x=${x(opens)} y=${TOP} width=${x(closes) - x(opens)} height=${foot - TOP} fill="var(--integ-soft)" />
      <line x1=${x(opens)} x2=${x(opens)} y1=${TOP} y2=${foot} stroke="var(--integ-bar)" /><line x1=${x(closes)} x2=${x(closes)} y1=${TOP} y2=${foot} stroke="var(--integ-bar)" /><text x=${(x(opens) + x(closes)) / 2} y=${TOP + 12} text-anchor="middle" class="wl">${t("window")}</text>`}
    ${[0, 24, 48, 72, 96, 120].map((h) => html`<text key=${h} x=${x(h)} y=${foot + 18} text-anchor="middle" class="ax">${t("{n} h", { n: h })}</text>`)}
    ${lines.map((day, i) => html`<g key=${day}><text x=${LEFT - 8} y=${y(i) + 4} text-anchor="end" class="ax">${date(day).split(" ").slice(0, 2).join(" ")}</text><line x1=${LEFT} x2=${RIGHT} y1=${y(i)} y2=${y(i)} class="gl" /></g>`)}
    ${marks.map((row) => {
      const i = Math.max(0, line(row.day));
      const place = y(i) + LANES[seen[i]++ % LANES.length];
      return html`<${Mark} key=${row.obligation} row=${row} x=${x(row.hours ?? hoursTo(row, row.window_end))} y=${place} />`;
    })}
  </svg></div>`;
}

function hoursTo(row, moment) {
  return (Date.parse(moment) - Date.parse(row.dosed_at)) / HOUR;
}

/** The window that most doses of the period have. */
function windowOf(rows) {
  if (!rows.length) return [null, null];
  const found = new Map();
  for (const row of rows) {
    const key = `${Math.round(hoursTo(row, row.window_start))},${Math.round(hoursTo(row, row.window_end))}`;
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return [...found].sort((a, b) => b[1] - a[1])[0][0].split(",").map(Number);
}

function Mark({ row, x, y }) {
  const beside = x > RIGHT - 110 ? [x - 10, "end"] : [x + 10, "start"];
  if (row.state === "met") return html`<circle cx=${x} cy=${y} r="4" class="ok" />`;
  if (row.state === "waived") return html`<rect x=${x - 4} y=${y - 4} width="8" height="8" class="wv" /><text x=${beside[0]} y=${y + 4} text-anchor=${beside[1]} class="nm q">${t("waived")}</text>`;
  const name = row.state === "missed" ? t("{who} missed", { who: row.mrn }) : `${row.mrn} ${t("{n} h", { n: Math.round(row.hours) })}`;
  return html`<path d=${`M${x - 4} ${y - 4}l8 8m0-8l-8 8`} class="bad" /><text x=${beside[0]} y=${y + 4} text-anchor=${beside[1]} class="nm">${name}</text>`;
}
