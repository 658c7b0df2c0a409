// What is known of one client: their programs, and the chosen course as it went, put together session by session.
import { all, get } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";
import { parse, shown } from "../core/milligrams.js";

/** `/clients/{id}` */
export const id = window.location.pathname.split("/")[2];

/** The programs of the client, newest first; those that go on before those that ended. @param {any} turn */
export function usePrograms(turn) {
  const [state, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    const goes = (row) => ["active", "on_hold"].includes(row.status);
    const order = (rows) => [...rows].sort((a, b) => Number(goes(b)) - Number(goes(a)) || b.created_at.localeCompare(a.created_at));
    all("programs/", { client: id }).then((rows) => !over && set({ rows: order(rows), problem: null }), (problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [turn]);
  return state;
}

/**
 * The course of a program, its protocol and which of its integrations are confirmed. Each time it is asked for, a read
 * of the record is logged: so it is asked when somebody opens it or comes back to it, and not by the clock.
 *
 * @param {object | undefined} program @param {any} turn
 */
export function useCourse(program, turn) {
  const [state, set] = useState({ of: null, data: null, at: 0, problem: null });
  useEffect(() => {
    let over = false;
    if (!program) return undefined;
    const asked = [
      get(`programs/${program.id}/timeline/`),
      get(`protocols/${program.protocol}/`),
      all("obligations/", { program: program.id, state: "booked" }),
    ];
    Promise.all(asked).then(
      ([timeline, protocol, booked]) => !over && set({ of: program.id, data: joined(timeline, protocol, booked), at: Date.now(), problem: null }),
      (problem) => !over && set((old) => ({ ...old, of: program.id, problem })),
    );
    return () => {
      over = true;
    };
  }, [program?.id, turn]);
  return state.of === program?.id ? state : { ...state, data: null, problem: null };
}

/**
 * One list of sessions in the order of their times, each with what was given in it and what it owes. What a role may not
 * read is missing from the answer, and then it is an empty list here.
 *
 * @param {Api["TimelineOut"]} timeline @param {Api["ProtocolOut"]} protocol @param {any[]} booked
 */
function joined(timeline, protocol, booked) {
  const obligations = timeline.obligations.filter((row) => row.state !== "voided");
  const owed = new Map(obligations.map((row) => [row.dosing_session, row]));
  const meets = new Map(obligations.filter((row) => row.integration_session).map((row) => [row.integration_session, row]));
  const confirmed = new Map(booked.map((row) => [row.integration_session?.id, row.integration_session?.client_confirmed_at]));
  const sessions = [...timeline.sessions]
    .sort((a, b) => a.starts_at.localeCompare(b.starts_at))
    .map((row) => {
      const given = timeline.doses.filter((dose) => dose.session === row.id);
      return { ...row, given, dose: totalOf(given), owes: owed.get(row.id), meets: meets.get(row.id), confirmed: confirmed.get(row.id) ?? null };
    });
  const none = { consents: [], measures: [], screenings: [], clearances: [], events: [], charges: [] };
  return { ...none, ...timeline, obligations, sessions, protocol };
}

/** What was given in one session, all administrations together. */
function totalOf(given) {
  if (!given.length) return null;
  const at = given.map((row) => row.administered_at).sort()[0];
  const known = given.every((row) => row.given_mg);
  const mg = known ? shown(given.reduce((sum, row) => sum + parse(row.given_mg), 0)) : null;
  return { at, mg, route: given[0].route, peaks: given[0].peaks, worst: given[0].worst_event, note: given[0].note_status };
}

/** The points of each scale, oldest first; one without a total is no point. */
export function pointsOf(measures) {
  const found = new Map();
  for (const row of [...measures].sort((a, b) => a.taken_at.localeCompare(b.taken_at))) {
    if (row.total === null) continue;
    found.set(row.instrument, [...(found.get(row.instrument) ?? []), row]);
  }
  return found;
}

/** Names of the staff by their id, once. */
export function useStaff() {
  const [names, set] = useState(new Map());
  useEffect(() => {
    let over = false;
    all("staff/", {}).then((rows) => !over && set(new Map(rows.map((row) => [row.id, row.name]))), () => {});
    return () => {
      over = true;
    };
  }, []);
  return names;
}
