// The course as it went, on one axis: scores above, doses, integrations and phases below, a line for today.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { date, dayIn } from "../core/time.js";
import { apart, axisOf, LEFT, metHow, RIGHT, stands, WIDTH } from "./axis.js";
import { bandName, flagName, hoursFrom, phaseName, scaleName } from "./words.js";

/** @param {{course: any, at: number, zone: string}} props */
export function Chart({ course, at, zone }) {
  const axis = axisOf(course, at, zone);
  const bottom = axis.base + 94;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("Course")}><svg class="ch" viewBox=${`0 0 ${WIDTH} ${axis.height}`} width=${WIDTH} height=${axis.height} role="img" aria-labelledby="ct cd">
    <title id="ct">${t("Course on one axis")}</title><desc id="cd">${told(course, axis)}</desc>
    ${axis.bands.map(([low, top, band]) => html`<g key=${band}><rect x=${LEFT} y=${axis.y(top)} width=${RIGHT - LEFT} height=${axis.y(low) - axis.y(top)} class=${`bd b${low}`} />
      <text x=${RIGHT - 2} y=${(axis.y(top) + axis.y(low)) / 2 + 4} class="bl" text-anchor="end">${bandName(band)}</text></g>`)}
    ${axis.curves.length > 0 && [0, ...axis.bands.map(([low]) => low).filter(Boolean), axis.high].map((n) => html`<text key=${n} x=${LEFT - 6} y=${axis.y(n) + 4} class="ax" text-anchor="end">${n}</text>`)}
    ${axis.ticks.map((one) => html`<g key=${one.day}><line x1=${axis.x(one.at)} x2=${axis.x(one.at)} y1=${axis.top} y2=${bottom} class="gl" /><text x=${axis.x(one.at) + 3} y=${bottom + 14} class="ax">${tick(one.day)}</text></g>`)}
    <line x1=${axis.now} x2=${axis.now} y1=${Math.max(0, axis.top - 6)} y2=${bottom} class="nw" />
    <${Doses} course=${course} axis=${axis} />
    <${Integrations} course=${course} axis=${axis} />
    <${Phases} course=${course} axis=${axis} at=${at} />
    ${axis.curves.map((curve) => html`<${Curve} key=${curve.instrument} curve=${curve} axis=${axis} />`)}
    <${Ends} axis=${axis} />
    <${Flags} axis=${axis} />
    <text x=${axis.now > RIGHT - 40 ? axis.now - 4 : axis.now + 4} y=${axis.curves.length ? 16 : 9} class="nwt" text-anchor=${axis.now > RIGHT - 40 ? "end" : "start"}>${t("today")}</text>
    <text x=${LEFT - 10} y=${axis.base + 4} class="ax" text-anchor="end">${t("dose")}</text>${course.protocol.program_type === "kap" && html`<text x=${LEFT - 10} y=${axis.base + 50} class="ax" text-anchor="end">${t("integ")}</text>`}<text x=${LEFT - 10} y=${axis.base + 81} class="ax" text-anchor="end">${t("phase")}</text>
  </svg></div>`;
}

/** "12 Oct" */
function tick(day) {
  return date(day).split(" ").slice(0, 2).join(" ");
}

/** What the drawing shows, for whoever does not see it. */
function told(course, axis) {
  const scores = axis.curves.map(({ instrument, rows }) => t("{scale} from {first} to {last}", { scale: scaleName(instrument), first: rows[0].total, last: rows.at(-1).total }));
  const doses = course.sessions.filter((row) => row.dose).length;
  const late = course.obligations.filter((row) => ["late", "missed"].includes(metHow(row))).length;
  return [...scores, t("{n} doses given", { n: doses }), t("{n} integrations late or missed", { n: late })].join(". ");
}

function Doses({ course, axis }) {
  const { base } = axis;
  const rows = course.sessions.filter(stands);
  const doses = rows.filter((row) => row.kind === "dosing" && (row.dose || row.status !== "completed"));
  const marks = doses.map((row) => ({ row, x: axis.x(row.dose?.at ?? row.starts_at) }));
  const cleared = course.clearances.filter((row) => row.decision === "cleared").map((row) => ({ id: row.id, x: axis.x(row.valid_from) }));
  const labels = apart([...marks.filter((one) => one.row.dose?.mg).map((one) => ({ x: one.x, key: one.row.id, text: `${one.row.dose.mg} mg` })), ...cleared.map((one) => ({ x: one.x, key: one.id, text: t("cleared") }))].sort((a, b) => a.x - b.x), 46);
  return html`<g>
    ${cleared.map(({ id, x }) => html`<path key=${id} d=${`M${x - 6} ${base}l4 4 8-9`} fill="none" stroke="var(--ink-2)" stroke-width="2" />`)}
    ${rows.filter((row) => row.kind !== "dosing" && row.kind !== "integration").map((row) => html`<${Square} key=${row.id} row=${row} x=${axis.x(row.starts_at)} y=${base} />`)}
    ${marks.map(({ row, x }) => html`<g key=${row.id}>
      ${row.dose && axis.curves.length > 0 && html`<line x1=${x} x2=${x} y1=${axis.top} y2=${base} class="dl" />`}
      ${row.dose
        ? html`<circle cx=${x} cy=${base} r="11" fill="var(--dose-soft)" /><circle cx=${x} cy=${base} r="11" fill="none" stroke="var(--dose-bar)" stroke-width="2" /><text x=${x} y=${base + 4} class="dn" text-anchor="middle">${row.number}</text>`
        : html`<circle cx=${x} cy=${base} r="10" fill="var(--sheet)" stroke="var(--edge)" stroke-width="1.5" stroke-dasharray=${row.status === "held" ? "3 3" : undefined} /><text x=${x} y=${base + 4} class="ax" text-anchor="middle">${row.number}</text>`}
    </g>`)}
    ${labels.map((one) => one.shown && html`<text key=${one.key} x=${one.x} y=${base + 25} class="ax" text-anchor="middle">${one.text}</text>`)}
  </g>`;
}

/** A preparation, a visit, a session of maintenance: full once it was held. */
function Square({ row, x, y }) {
  const name = { preparation: "prep", medical: "med", maintenance: "maint" }[row.kind];
  const held = row.status === "completed";
  return html`<rect x=${x - 6} y=${y - 6} width="12" height="12" rx="3" fill=${held ? `var(--${name}-soft)` : "var(--sheet)"} stroke=${`var(--${name}-bar)`} stroke-width="1.5" stroke-dasharray=${held ? undefined : "3 2"} />
    <text x=${x} y=${y + 4} class="pn" text-anchor="middle" style=${{ fill: held ? `var(--${name}-ink)` : "var(--ink-2)" }}>${row.number}</text>`;
}

function Integrations({ course, axis }) {
  const y = axis.base + 46;
  const starts = new Map(course.sessions.map((row) => [row.id, row.starts_at]));
  const marks = course.obligations.map((row) => ({ row, how: metHow(row), x: axis.x(row.met_at ?? starts.get(row.integration_session) ?? row.window_end) }));
  const owing = new Set(course.obligations.map((row) => row.integration_session));
  const free = course.sessions.filter((row) => row.kind === "integration" && stands(row) && !owing.has(row.id));
  return html`<g>
    ${marks.map(({ row, how, x }) => {
      const [from, to] = [axis.x(row.window_start), axis.x(row.window_end)];
      const bad = how === "late" || how === "missed";
      return html`<g key=${row.id}><rect x=${from} y=${y - 5} width=${Math.max(4, to - from)} height="10" rx="2.5" class=${bad ? "wi lt" : how === "due" ? "wi fu" : "wi"} />
        ${(how === "met" || how === "late" || how === "booked") && html`<circle cx=${x} cy=${y} r="5.5" class=${`im ${how}`} />`}
        ${how === "missed" && html`<path d=${`M${to - 4} ${y - 4}l8 8m0-8l-8 8`} class="bad" />`}
        ${how === "waived" && html`<rect x=${(from + to) / 2 - 4} y=${y - 4} width="8" height="8" class="wv" />`}</g>`;
    })}
    ${free.map((row) => html`<circle key=${row.id} cx=${axis.x(row.starts_at)} cy=${y} r="5.5" class=${row.status === "completed" ? "im met" : "im booked"} />`)}
    ${apart(marks.filter((one) => one.how === "late" || one.how === "missed"), 70).map(({ row, how, x, shown }) => shown && html`<text key=${row.id} x=${x > RIGHT - 80 ? x - 10 : x + 9} y=${y + 17} class="ax hi" text-anchor=${x > RIGHT - 80 ? "end" : "middle"}>${how === "late" ? t("late, {n} h", { n: hoursFrom(row.dosed_at, row.met_at) }) : t("missed")}</text>`)}
  </g>`;
}

const COLOURS = { screening: "med", preparation: "prep", dosing: "dose", integration: "integ", maintenance: "maint" };

function Phases({ course, axis, at }) {
  const y = axis.base + 70;
  return html`<g>${course.phases.map((row, i) => {
    const [from, to] = [axis.x(row.started_at), axis.x(row.ended_at ?? at)];
    if (to - from < 1) return null;
    return html`<g key=${i}><rect class="phr" x=${from} y=${y} width=${to - from} height="16" rx="3" fill=${`var(--${COLOURS[row.phase]}-soft)`} />
      ${to - from > 70 && html`<text x=${from + 6} y=${y + 12} class="ph" style=${{ fill: `var(--${COLOURS[row.phase]}-ink)` }}>${phaseName(row.phase)}</text>`}</g>`;
  })}</g>`;
}

function Curve({ curve, axis }) {
  const { rows, kind } = curve;
  const places = rows.map((row) => [axis.x(row.taken_at), axis.y(row.total), row.id]);
  return html`<g><path d=${places.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join(" ")} class=${`ln ${kind}`} />
    ${places.map(([x, y, key]) => kind === "p" ? html`<circle key=${key} cx=${x} cy=${y} r="4.5" class="pt p" />` : html`<rect key=${key} x=${x - 4} y=${y - 4} width="8" height="8" transform=${`rotate(45 ${x} ${y})`} class="pt g" />`)}
    ${rows.length > 1 && html`<text x=${places[0][0] + 8} y=${kind === "p" ? places[0][1] - 6 : places[0][1] + 16} class=${`vl ${kind}`}>${rows[0].total}</text>`}</g>`;
}

/** "PHQ-9 9" beside the last point of each curve, one above the other where they would meet. */
function Ends({ axis }) {
  const ends = axis.curves.map(({ instrument, rows, kind }) => ({ instrument, kind, total: rows.at(-1).total, x: axis.x(rows.at(-1).taken_at), y: axis.y(rows.at(-1).total) }));
  if (ends.length === 2 && Math.abs(ends[0].y - ends[1].y) < 14) {
    const [upper, lower] = ends[0].y <= ends[1].y ? ends : [ends[1], ends[0]];
    const middle = (upper.y + lower.y) / 2;
    [upper.y, lower.y] = [middle - 8, middle + 8];
  }
  return html`<g>${ends.map((one) => {
    const gap = axis.now - one.x;
    const beside = gap > -14 && gap < 90 ? axis.now + 8 : one.x + 10; // not across the line of today
    const room = beside < RIGHT - 130; // the names of the bands stand at the very right
    return html`<text key=${one.instrument} x=${room ? beside : one.x - 10} y=${one.y + 4} class=${`vl ${one.kind}`} text-anchor=${room ? "start" : "end"}>${scaleName(one.instrument)} ${one.total}</text>`;
  })}</g>`;
}

/** An answer about wanting to die is seen on the axis, and the last one in words. */
function Flags({ axis }) {
  const found = axis.curves.flatMap(({ rows }) => rows.filter((row) => row.flags.some((flag) => flag.startsWith("item_"))).map((row) => ({ row, x: axis.x(row.taken_at), y: axis.y(row.total) - 20 })));
  const last = found.at(-1);
  return html`<g>${found.map(({ row, x, y }) => html`<path key=${row.id} d=${`M${x - 3} ${y - 6}h14l-3 4 3 4h-14z`} fill="var(--high)" />`)}
    ${last && html`<text x=${last.x > RIGHT - 220 ? last.x - 8 : last.x + 15} y=${last.y + 2} class="ax hi" text-anchor=${last.x > RIGHT - 220 ? "end" : "start"}>${flagName(last.row.flags.find((flag) => flag.startsWith("item_")))} · ${tick(dayIn(last.row.taken_at, "UTC"))}</text>`}</g>`;
}
