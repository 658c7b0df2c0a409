// What is open to whoever is here through an emergency, and until when.
import { get } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";
import { me } from "../core/me.js";
import { clock, dayIn, dayShort, now } from "../core/time.js";

/**
 * Of one's own those that stand, of one client where one is named. Asked anew when `turn` changes.
 *
 * @param {string | undefined} client @param {any} turn
 * @returns {{rows: Api["BreakGlassOut"][] | null, problem: any}}
 */
export function useStanding(client, turn) {
  const [state, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    get("break-glass/", { user: me.get().id, client, page_size: 50 }).then(
      ({ results }) => over || set({ rows: results.filter((row) => row.state === "standing"), problem: null }),
      (problem) => over || set((old) => ({ ...old, problem })),
    );
    return () => {
      over = true;
    };
  }, [client, turn]);
  return state;
}

/** "13:40", with its day when that is not today's. */
export function until(moment, zone) {
  const [day, time] = [dayIn(moment, zone), clock(moment, zone)];
  return day === dayIn(now(), zone) ? time : `${dayShort(day)} ${time}`;
}
