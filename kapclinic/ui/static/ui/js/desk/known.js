// Names of rooms and staff, once per load; the day itself is polled.
import { all } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";

/** {rooms: Map, staff: Map}: empty until they are there. */
export function useNames(location) {
  const [names, set] = useState({ rooms: new Map(), staff: new Map() });
  useEffect(() => {
    let over = false;
    Promise.all([all("rooms/", { location }), all("staff/", { location })])
      .then(([rooms, staff]) => {
        if (!over) set({ rooms: new Map(rooms.map((row) => [row.id, row])), staff: new Map(staff.map((row) => [row.id, row])) });
      })
      .catch(() => {}); // the day is shown without first names, and asks again when it is opened anew
    return () => {
      over = true;
    };
  }, [location]);
  return names;
}

/** What the address says: a view, a day, a chosen session. Ids only, so that Back and a reload come back here. */
function readAddress() {
  const query = new URLSearchParams(window.location.search);
  return { view: query.get("view") ?? "day", day: query.get("day"), session: query.get("session"), by: query.get("by") ?? "rooms" };
}

/** @returns {[object, (change: object) => void]} what the address of the day says, and how it is changed */
export function useDay() {
  const [address, set] = useState(readAddress);
  useEffect(() => {
    const back = () => set(readAddress());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (change) => {
    writeAddress(change);
    set(readAddress());
  };
  return [address, go];
}

export function writeAddress(change) {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.pushState(null, "", window.location.pathname + (text ? `?${text}` : ""));
}
