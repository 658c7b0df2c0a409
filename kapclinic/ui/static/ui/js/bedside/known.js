// What the server knows of one session, loaded once and again after each write; what waits on the tablet is laid over it.
import { all, get } from "../core/api.js";
import { useEffect, useRef, useState } from "../core/h.js";
import { onArrival } from "../outbox/outbox.js";

const AGAIN = 15000;

async function loaded(id) {
  const session = await get(`sessions/${id}/`);
  const path = `sessions/${id}`;
  const [readings, checks, alarms, given, orders, program] = await Promise.all([
    all(`${path}/readings/`),
    all(`${path}/checks/`),
    all("alarms/", { session: id, state: "open" }),
    all(`${path}/administrations/`),
    all(`${path}/orders/`),
    get(`programs/${session.program}/`),
  ]);
  const [protocol, banner] = await Promise.all([get(`protocols/${program.protocol}/`), get(`clients/${session.client}/banner/`)]);
  return { session, readings, checks, alarms, given, orders, program, protocol, banner };
}

/** What changes while somebody sits there; the rest is loaded once. */
async function changing(id) {
  const path = `sessions/${id}`;
  const poll = { poll: true };
  const rows = async (name) => (await get(`${path}/${name}/`, { page_size: 100 }, poll)).results;
  const [session, checks, alarms, readings, given] = await Promise.all([
    get(`${path}/`, {}, poll),
    rows("checks"),
    all("alarms/", { session: id, state: "open" }, 500, poll),
    rows("readings"),
    rows("administrations"),
  ]);
  const banner = await get(`clients/${session.client}/banner/`, {}, poll);
  return { session, checks, alarms, readings, given, banner };
}

/** {data, problem, again}: `data` null until the first answer; kept when a later one fails. */
export function useSession(id) {
  const [state, set] = useState({ data: null, problem: null, at: 0 });
  const look = useRef(async () => {});
  look.current = async (first) => {
    try {
      const more = first || !state.data ? await loaded(id) : await changing(id);
      set((old) => ({ data: { ...old.data, ...more }, problem: null, at: Date.now() }));
    } catch (problem) {
      set((old) => ({ ...old, problem }));
    }
  };
  useEffect(() => {
    look.current(true);
    const timer = setInterval(() => document.hidden || look.current(false), AGAIN);
    const seen = () => document.hidden || look.current(false);
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("online", seen);
    const off = onArrival((item) => item.session === id && look.current(false));
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", seen);
      off();
    };
  }, [id]);
  return { ...state, again: () => look.current(false) };
}

/** The readings that were taken back: only the table shows them. */
export function takenBack(data) {
  return (data?.readings ?? []).filter((row) => row.voided).map((row) => ({ ...row, at: Date.parse(row.measured_at), bands: {} }));
}

/** The readings that stand, oldest first, with `at` in ms; what waits on the tablet beside them as `unsent`. */
export function standing(data, waiting) {
  const rows = (data?.readings ?? []).filter((row) => !row.voided).map((row) => ({ ...row, at: Date.parse(row.measured_at) }));
  const unsent = waiting
    .filter((item) => item.what === "reading" && item.state !== "rejected")
    .map((item) => ({ ...blank, ...item.body, id: item.key, at: Date.parse(item.body.measured_at), unsent: item }));
  return [...rows, ...unsent].sort((a, b) => a.at - b.at);
}

const blank = { systolic: null, diastolic: null, heart_rate: null, spo2: null, sedation: null };

/** When the first standing dose was given, in ms, or null. */
export function dosedAt(data) {
  const doses = (data?.given ?? []).filter((row) => !row.voided).map((row) => Date.parse(row.administered_at));
  return doses.length ? Math.min(...doses) : null;
}

/** Checks that somebody still has to take, the next first. One taken late stays `late`. */
export function openChecks(data) {
  const open = (data?.checks ?? []).filter((check) => ["due", "late", "missed"].includes(check.state) && !check.ended_at && !check.reading);
  return open.sort((a, b) => Date.parse(a.planned_at) - Date.parse(b.planned_at));
}

/** The last complete reading before the dose. */
export function baseline(rows, at) {
  if (at === null) return null;
  return rows.findLast((row) => row.at <= at && row.systolic !== null && row.diastolic !== null) ?? null;
}

/** "1 Example Street, CO", or null while nobody wrote it down. */
export function placeWords(home) {
  return home?.address ? [home.address, home.state].filter(Boolean).join(", ") : null;
}

export function isHome(session) {
  return session?.modality === "video";
}
