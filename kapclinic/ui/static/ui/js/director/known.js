// The reports of the screen: each with all the rows behind its figures, asked when the screen is opened or its period changes.
import { get } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";
import { addDays, dayIn, now } from "../core/time.js";

const SIZE = 100;
const MOST = 1000; // rows; beyond that the figures stand and the drawing says that it is not whole

/** The period that is looked at: so many weeks to today, both days counted. */
export function periodOf(weeks, zone) {
  const today = dayIn(now(), zone);
  return { from: addDays(today, 1 - 7 * weeks), to: today };
}

async function whole(path, query) {
  const rows = [];
  for (let page = 1; ; page += 1) {
    const found = await get(path, { ...query, page, page_size: SIZE });
    rows.push(...found.rows);
    if (!found.next || rows.length >= MOST) return { ...found, rows };
  }
}

/** {data, problem, at}: what was known stays while something newer is asked for. @param {any} turn */
export function useReport(path, query, turn) {
  const [state, set] = useState({ key: "", data: null, problem: null, at: 0 });
  const key = JSON.stringify([path, query]);
  useEffect(() => {
    let over = false;
    whole(path, query).then(
      (data) => !over && set({ key, data, problem: null, at: Date.now() }),
      (problem) => !over && set((old) => ({ ...old, problem })),
    );
    return () => {
      over = true;
    };
  }, [key, turn]);
  return { ...state, old: state.key !== key && !state.problem }; // of another period: it is shown greyed
}
