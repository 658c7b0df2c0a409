// Offers of the waitlist: what a row of the worklist points at. One never changes, so it is asked for once.
import { get } from "../../core/api.js";
import { useEffect, useState } from "../../core/h.js";

const asked = new Map();

function one(id) {
  if (!asked.has(id)) {
    const found = get(`waitlist-offers/${id}/`);
    asked.set(id, found);
    found.catch(() => asked.delete(id));
  }
  return asked.get(id);
}

/** The open offers, each with the row of the worklist that says by when the client is called: the next call first. */
export function useOffers(tasks) {
  const [known, set] = useState(new Map());
  const ids = tasks.map((task) => task.subject_id);
  useEffect(() => {
    let over = false;
    const found = (id) => one(id).then((row) => [id, row], () => null);
    Promise.all(ids.map(found)).then((pairs) => !over && set(new Map(pairs.filter(Boolean))));
    return () => {
      over = true;
    };
  }, [ids.join()]);
  return tasks.filter((task) => known.has(task.subject_id)).map((task) => ({ ...known.get(task.subject_id), task }));
}
