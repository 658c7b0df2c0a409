// Who works here, where, in which rooms, and what waits for a second person: of all locations at once, loaded again after each write and every half minute.
import { all, call } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";

const AGAIN = 30000;

/** Resets of second factors and openings of private notes, the newest first. */
async function askedFor(options) {
  const [resets, openings] = await Promise.all([all("second-factor-resets/", {}, 200, options), all("private-note-openings/", {}, 200, options)]);
  const rows = [...resets.map((row) => ({ ...row, kind: "reset" })), ...openings.map((row) => ({ ...row, kind: "opening" }))];
  return rows.sort((a, b) => b.created_at.localeCompare(a.created_at));
}

async function loaded(poll) {
  const options = { poll };
  const [staff, rooms, places, asked] = await Promise.all([all("staff/", {}, 1000, options), all("rooms/", {}, 1000, options), all("locations/", {}, 500, options), askedFor(options)]);
  const names = new Map([...staff, ...rooms, ...places].map((row) => [row.id, row.name]));
  return { staff, rooms, places, asked, names };
}

/** {data, problem, at, again}: `data` null before the first answer, and kept when a later one fails. */
export function useHouse() {
  const [state, set] = useState({ data: null, problem: null, at: 0 });
  const look = async (poll) => {
    try {
      const data = await loaded(poll);
      set({ data, problem: null, at: Date.now() });
    } catch (problem) {
      set((old) => ({ ...old, problem }));
    }
  };
  useEffect(() => {
    look(false);
    const timer = setInterval(() => document.hidden || look(true), AGAIN);
    const seen = () => document.hidden || look(true);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, []);
  return { ...state, again: () => look(false) };
}

/** One answer, asked anew when `turn` changes; the old one stays meanwhile. @param {string | null} path */
export function useOne(path, query, turn) {
  const [state, set] = useState({ data: null, tag: undefined, problem: null });
  const key = JSON.stringify([path, query]);
  useEffect(() => {
    let over = false;
    if (!path) return undefined;
    call("GET", path, { query }).then(({ data, tag }) => !over && set({ data, tag, problem: null }), (problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [key, turn]);
  return state;
}
