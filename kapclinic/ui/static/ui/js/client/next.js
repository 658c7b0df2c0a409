// What comes next for this client: the sessions that are booked, what is owed, and what somebody still has to do.
import { all, get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { gateName, many, t, told } from "../core/i18n.js";
import { has, roleName } from "../core/me.js";
import { words } from "../core/problem.js";
import { clock, dayIn } from "../core/time.js";
import { WindowBar } from "../signs/window.js";
import { id } from "./known.js";
import { kindName, sessionState, when } from "./words.js";

const AHEAD = ["held", "scheduled", "checked_in", "in_progress"];
const SHOWN = 3;
const GATES = 4;
const HOUR = 3600000;

/** @param {{course: any, program: any, at: number, zone: string, clinical: boolean, turn: any}} props */
export function Next({ course, program, at, zone, clinical, turn }) {
  const rows = course?.sessions.filter((row) => AHEAD.includes(row.status) && Date.parse(row.ends_at) > at - 12 * HOUR) ?? [];
  const owed = course?.obligations.filter((row) => row.state === "due") ?? [];
  const dose = rows.find((row) => row.kind === "dosing" && !row.dose);
  return html`<section class="card next" aria-labelledby="next"><header><h2 id="next">${t("Next")}</h2><span class="faint small">${clock(at, zone)}</span></header>
    ${owed.map((row) => html`<${Owed} key=${row.id} row=${row} course=${course} program=${program} at=${at} zone=${zone} />`)}
    ${rows.slice(0, SHOWN).map((row) => html`<${Ahead} key=${row.id} row=${row} at=${at} zone=${zone} clinical=${clinical} first=${row === dose} turn=${turn} />`)}
    ${course && rows.length > SHOWN && html`<p class="nx plain small quiet">${many(rows.length - SHOWN, "and {n} more session that is booked", "and {n} more sessions that are booked")}</p>`}
    ${course && !rows.length && !owed.length && html`<p class="nx plain quiet">${t("Nothing is booked.")}</p>`}
    <${Todo} at=${at} zone=${zone} turn=${turn} />
  </section>`;
}

/** "Today 13:30–14:30", or with its day. */
function times(row, at, zone) {
  const today = dayIn(row.starts_at, zone) === dayIn(at, zone);
  const from = today ? t("Today {time}", { time: clock(row.starts_at, zone) }) : when(row.starts_at, zone);
  return `${from}–${clock(row.ends_at, zone)}`;
}

function Ahead({ row, at, zone, clinical, first, turn }) {
  const where = [row.room_name ?? (row.modality === "video" ? t("Video") : ""), row.staff.map((one) => one.name).join(", ")].filter(Boolean).join(" · ");
  const name = t("{kind} {n}", { kind: kindName(row.kind), n: row.number });
  const here = clinical && row.kind === "dosing" && dayIn(row.starts_at, zone) === dayIn(at, zone);
  return html`<div class=${`nx k-${row.kind}`}>
    <b>${here ? html`<a href=${`/bedside/sessions/${row.id}`}>${name}</a>` : name}</b>
    <span class="small">${times(row, at, zone)}${where && ` · ${where}`}${["checked_in", "in_progress"].includes(row.status) && html` · <b>${sessionState(row)}</b>`}</span>
    ${row.meets && html`<${WindowBar} row=${row.meets} at=${at} booked=${row.starts_at} />
      <span class="small quiet">${t("Window closes {time}.", { time: when(row.meets.window_end, zone) })} ${row.confirmed ? t("Client has confirmed.") : t("Client has not confirmed.")}</span>`}
    ${first && clinical && html`<${Ready} session=${row.id} turn=${turn} />`}
  </div>`;
}

function Owed({ row, course, program, at, zone }) {
  const number = course.sessions.find((one) => one.id === row.dosing_session)?.number;
  return html`<div class="nx k-integration"><b>${t("Integration of dose {n} is not booked", { n: number ?? "" })}</b>
    <${WindowBar} row=${row} at=${at} />
    <span class="small quiet">${t("Window closes {time}.", { time: when(row.window_end, zone) })} <a href=${`/programs/${program.id}/plan`}>${t("Find a time")}</a></span></div>`;
}

/** What stands between the client and the next dose. */
function Ready({ session, turn }) {
  const [state, set] = useState({ data: null, problem: null });
  useEffect(() => {
    let over = false;
    get(`sessions/${session}/readiness/`).then((data) => !over && set({ data, problem: null }), (problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [session, turn]);
  if (state.problem) return html`<p class="small quiet">${words(state.problem)}</p>`;
  if (!state.data) return null;
  const open = state.data.gates.filter((gate) => gate.state === "open");
  const passed = state.data.gates.length - open.length;
  return html`<ul class="gates small"><li><${Icon} name="ok" />${many(passed, "{n} gate passes", "{n} gates pass")}</li>
    ${open.slice(0, GATES).map((gate) => html`<li key=${gate.code} class="no"><${Icon} name="x" /><span>${gateName(gate)} <span class="quiet">${gate.who_can_clear.map(roleName).join(", ")}</span></span></li>`)}
    ${open.length > GATES && html`<li><${Icon} name="wait" />${many(open.length - GATES, "{n} more is asked for", "{n} more are asked for")}</li>`}</ul>`;
}

/** What is on somebody's worklist about this client. */
function Todo({ at, zone, turn }) {
  const [state, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    all("tasks/", { client: id, state: "open", ordering: "due_at" }).then((rows) => !over && set({ rows, problem: null }), (problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [turn]);
  const rows = state.rows ?? [];
  return html`<div class="nx plain"><b class="small" id="open-rows">${t("Open for this client")}</b>
    ${state.problem && html`<p class="small quiet">${words(state.problem)}</p>`}
    ${state.rows && !rows.length && html`<p class="small quiet">${t("Nothing is open.")}</p>`}
    <ul class="small todo" tabindex="0" aria-labelledby="open-rows">${rows.map((row) => html`<li key=${row.id}><span class="grow">${labelOf(row)}</span>
      <span class=${Date.parse(row.due_at) < at ? "hi" : "faint"}>${row.assigned_to ?? row.roles.map(roleName)[0]}<br />${Date.parse(row.due_at) < at ? t("since {time}", { time: when(row.due_at, zone) }) : when(row.due_at, zone)}</span></li>`)}</ul></div>`;
}

function labelOf(row) {
  const bedside = row.kind === "alarm" && row.session && has("nurse_practitioner", "therapist", "prescriber", "medical_director");
  if (row.kind === "client_answered") return html`<a href=${`?tab=links&link=${row.subject_id}`}>${told(row.label)}</a>`;
  return bedside ? html`<a href=${`/bedside/sessions/${row.session}`}>${told(row.label)}</a>` : told(row.label);
}
