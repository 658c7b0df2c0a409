// Loading what a page is about; and words that are not sent yet.
import { useEffect, useRef, useState } from "../core/h.js";
import { locations, place } from "../core/me.js";

/**
 * What `load` answers, asked anew when `key` changes. {data, problem, again}: the old answer stays while a later one fails.
 *
 * @param {string} key
 * @param {() => Promise<any>} load
 */
export function useLoaded(key, load) {
  const [state, set] = useState({ key, data: null, problem: null });
  const latest = useRef(key);
  latest.current = key;
  const look = async () => {
    try {
      const data = await load();
      if (latest.current === key) set({ key, data, problem: null });
    } catch (problem) {
      if (latest.current === key) set((old) => ({ key, data: old.key === key ? old.data : null, problem }));
    }
  };
  useEffect(() => {
    look();
  }, [key]);
  return state.key === key ? { ...state, again: look } : { key, data: null, problem: null, again: look };
}

/** The zone of the clinic at which a course is; it may be another than the one that is worked at. */
export function zoneOf(program) {
  return (locations.get().find((row) => row.id === program.location) ?? place.get()).time_zone;
}

const kept = new Map();

/** What somebody wrote about one row: it stays while they look at another, and goes when it is sent. */
export function useKept(id, first) {
  const [form, set] = useState(() => kept.get(id) ?? first);
  const change = (more) =>
    set((old) => {
      const next = { ...old, ...more };
      kept.set(id, next);
      return next;
    });
  return [form, change];
}

export function forget(id) {
  kept.delete(id);
}

const holding = new Set([() => kept.size > 0]);

/** While `busy` says so, the browser asks before the page goes. @returns {() => void} no longer */
export function holdPage(busy) {
  holding.add(busy);
  return () => holding.delete(busy);
}

window.addEventListener("beforeunload", (event) => {
  if ([...holding].some((busy) => busy())) event.preventDefault();
});
