// Clients by id, for rows that name nobody: each is asked for once, and kept for as long as the page is open.
import { get } from "../../core/api.js";
import { useEffect, useState } from "../../core/h.js";

const asked = new Map();

function one(id) {
  if (!asked.has(id)) {
    const found = get(`clients/${id}/`);
    asked.set(id, found);
    found.catch(() => asked.delete(id)); // asked again the next time
  }
  return asked.get(id);
}

/** @param {string[]} ids @returns {Map<string, object>} those that are known by now */
export function useClients(ids) {
  const [rows, set] = useState(new Map());
  const wanted = [...new Set(ids.filter(Boolean))].sort();
  useEffect(() => {
    let over = false;
    const known = (id) => one(id).then((row) => [id, row], () => null);
    Promise.all(wanted.map(known)).then((pairs) => !over && set(new Map(pairs.filter(Boolean))));
    return () => {
      over = true;
    };
  }, [wanted.join()]);
  return rows;
}
