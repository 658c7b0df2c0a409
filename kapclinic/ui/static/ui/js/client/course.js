// The card of the course: which program it is, the axis, and a table with the same facts.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { lazy } from "../core/lazy.js";
import { clock } from "../core/time.js";
import { routeName, stateName, when } from "./words.js";

const Chart = lazy(() => import("./chart.js"), "Chart", { early: true, pane: true });
const Table = lazy(() => import("./table.js"), "Table");

/** @param {{programs: any[], program: any, course: any, at: number, zone: string, said: any, go: (change: object) => void, again: () => void}} props */
export function CourseCard({ programs, program, course, at, zone, said, go, again }) {
  const { data } = course;
  const table = said.as === "table";
  return html`<section class="card course-c" aria-labelledby="course"><header>
      <h2 id="course">${t("Course")} <span class="faint">${data && titleOf(program, data)}</span></h2>
      ${programs.length > 1 && html`<label class="vh" for="program">${t("Program")}</label><select id="program" class="field pick" value=${program.id} onChange=${(event) => go({ program: event.target.value })}>
        ${programs.map((row) => html`<option key=${row.id} value=${row.id}>${when(row.created_at, zone).slice(0, -6)} ${row.created_at.slice(0, 4)}, ${stateName(row.status)}</option>`)}</select>`}
      ${!table && data && html`<${Legend} course=${data} />`}
      <div class="seg" role="group" aria-label=${t("How the course is shown")}><button type="button" aria-pressed=${!table} onClick=${() => go({ as: null })}>${t("Chart")}</button><button type="button" aria-pressed=${table} onClick=${() => go({ as: "table" })}>${t("Table")}</button></div>
    </header>
    ${course.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(course.problem)} ${data && t("What you see is of {time}.", { time: clock(course.at, zone) })}</span><button type="button" class="b s" onClick=${again}>${t("Try again")}</button></p>`}
    ${!data && !course.problem && html`<div class="skels" aria-hidden="true">${[1, 2, 3, 4].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`}
    ${data && (table ? html`<${Table} course=${data} zone=${zone} onClose=${() => go({ as: null })} />` : html`<${Chart} course=${data} at=${at} zone=${zone} />`)}
  </section>`;
}

/** "KAP sublingual · dose 4 of 6 given" */
function titleOf(program, { protocol }) {
  const kind = program.program_type === "kap" ? t("KAP") : t("infusion only");
  const { done, planned } = program.progress.dosing;
  return `${kind} ${routeName(protocol.route)} · ${t("dose {n} of {all} given", { n: done, all: planned })}`;
}

function Legend({ course }) {
  const names = new Set(course.measures.filter((row) => row.total !== null).map((row) => row.instrument));
  return html`<span class="leg tiny">
    ${names.has("phq9") && html`<span><svg width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="4.5" class="pt p" /></svg> PHQ-9</span>`}
    ${names.has("gad7") && html`<span><svg width="12" height="12" aria-hidden="true">${names.has("phq9") ? html`<rect x="2.5" y="2.5" width="7" height="7" transform="rotate(45 6 6)" class="pt g" />` : html`<circle cx="6" cy="6" r="4.5" class="pt p" />`}</svg> GAD-7</span>`}
    ${course.obligations.length > 0 && html`<span><svg width="22" height="12" aria-hidden="true"><rect x="1" y="2" width="20" height="8" rx="2.5" class="wi" /></svg> ${t("integration window")}</span>`}
  </span>`;
}
