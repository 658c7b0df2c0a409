// What the page of billing knows: lists that grow, the names of the staff, and what the address says.
import { all } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";
import { usePoll } from "../core/poll.js";

const FIRST = 50;
const MOST = 200; // the API's largest page

/**
 * A list of the API by its first rows, with its whole number and a way to see more of it.
 *
 * @param {string} path
 * @param {object} query
 * @param {{seconds?: number, shown?: boolean, held?: () => string | null}} [options] without `shown` it is only counted
 */
export function useList(path, query, { seconds = 30, shown = true, held } = {}) {
  const [size, set] = useState(FIRST);
  const poll = usePoll(path, { ...query, page_size: shown ? size : 1 }, seconds, held);
  const [rows, count] = [poll.data?.results ?? [], poll.data?.count];
  const whole = poll.data !== null && rows.length >= Math.min(count, size);
  const more = whole && count > size && size < MOST ? () => set(Math.min(MOST, size + FIRST)) : null;
  return { ...poll, rows: shown ? rows : [], count, whole, more, cut: whole && count > MOST && size === MOST };
}

/** The staff of this clinic by their ids: empty until they are there. @returns {Map<string, Api["StaffOut"]>} */
export function useStaff(location) {
  const [staff, set] = useState(new Map());
  useEffect(() => {
    let over = false;
    all("staff/", { location, is_active: true })
      .then((rows) => !over && set(new Map(rows.map((row) => [row.id, row]))))
      .catch(() => {}); // blockers are shown without names, and the page asks again when it is opened anew
    return () => {
      over = true;
    };
  }, [location]);
  return staff;
}

function read() {
  return Object.fromEntries(new URLSearchParams(window.location.search));
}

/** The address with a change: what is null goes. Ids and words of ours alone, never a name. */
export function hrefOf(said, change = {}) {
  const kept = Object.entries({ ...said, ...change }).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(kept).toString();
  return window.location.pathname + (text ? `?${text}` : "");
}

/** @returns {[Record<string, string>, (change: object, step?: boolean) => void]} `step`: from row to row, which Back leaves out */
export function useAddress() {
  const [said, set] = useState(read);
  useEffect(() => {
    const back = () => set(read());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (change, step = false) => {
    const href = hrefOf(read(), change);
    if (step) history.replaceState(null, "", href);
    else history.pushState(null, "", href);
    set(read());
  };
  return [said, go];
}
