// What the safe of this clinic holds and owes: loaded at once, and again after each write and every half minute.
import { all, get } from "../core/api.js";
import { useEffect, useRef, useState } from "../core/h.js";
import { addDays, instant } from "../core/time.js";

const AGAIN = 30000;
const RECENT = 100; // draws: one that is not settled keeps a client from going home, so it is never old
const OPEN = ["open", "explained", "reported"];

async function loaded(place, poll) {
  const options = { poll };
  const here = { location: place };
  const [lots, missing, drawn, settled, counts, staff] = await Promise.all([
    all("drug-lots/", here, 500, options),
    all("drug-discrepancies/", here, 500, options),
    get("drug-entries/", { kind: "administer", ordering: "-created_at", page_size: RECENT }, options),
    get("drug-entries/", { kind: "settle", ordering: "-created_at", page_size: RECENT }, options),
    get("drug-counts/", { ...here, page_size: 5 }, options),
    all("staff/", here, 500, options),
  ]);
  const ids = new Set(lots.map((lot) => lot.id));
  const done = new Set(settled.results.map((entry) => entry.administration));
  const draws = drawn.results.filter((entry) => ids.has(entry.lot) && entry.given_mg === null && !done.has(entry.administration));
  return { lots, missing, draws, counts: counts.results, names: new Map(staff.map((one) => [one.id, one.name])) };
}

/** {data, problem, at, again}: `data` null before the first answer, and kept when a later one fails. */
export function useSafe(place) {
  const [state, set] = useState({ data: null, problem: null, at: 0 });
  const latest = useRef(place);
  latest.current = place;
  const look = async (poll) => {
    try {
      const data = await loaded(place, poll);
      if (latest.current === place) set({ data, problem: null, at: Date.now() });
    } catch (problem) {
      set((old) => ({ ...old, problem }));
    }
  };
  useEffect(() => {
    set({ data: null, problem: null, at: 0 });
    look(false);
    const timer = setInterval(() => document.hidden || look(true), AGAIN);
    const seen = () => document.hidden || look(true);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [place]);
  return { ...state, again: () => look(false) };
}

export function isOpen(row) {
  return OPEN.includes(row.state);
}

/** The moment at which a day is over on the clinic's wall. */
function endOf(day, zone) {
  return instant(addDays(day, 1), "00:00", zone);
}

/** The clock of a discrepancy that runs out next: {what: "notice" | "form", at} with `at` in ms, or null. */
export function clockOf(row, zone) {
  if (row.state === "explained" || row.state === "closed") return null;
  const clocks = [];
  if (!row.notified_at) clocks.push({ what: "notice", at: Date.parse(row.notice_due_at) });
  if (!row.filed_at) clocks.push({ what: "form", at: endOf(row.form_106_due_on, zone) });
  return clocks.sort((a, b) => a.at - b.at)[0] ?? null;
}
