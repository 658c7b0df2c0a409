// Who is away from now on, and what an absence would break.
import { all, call } from "../../core/api.js";
import { useEffect, useState } from "../../core/h.js";

const PAUSE = 300;

/** Times off that are not over, of everybody who works here, the next one first. */
export function useTimesOff(staff, at) {
  const [state, set] = useState({ rows: null, problem: null });
  const [turn, again] = useState(0);
  const ids = [...staff.values()].filter((one) => one.is_active).map((one) => one.id);
  useEffect(() => {
    let over = false;
    if (!ids.length) return undefined;
    Promise.all(ids.map((id) => all(`staff/${id}/time-off/`)))
      .then((lists) => {
        const rows = lists.flat().filter((row) => Date.parse(row.ends_at) > at);
        if (!over) set({ rows: rows.sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at)), problem: null });
      })
      .catch((problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [ids.join(), turn]);
  return { ...state, again: () => again((n) => n + 1) };
}

/** What an absence would break, asked while it is written: `asked` is null until it is whole. */
export function usePreview(asked) {
  const [state, set] = useState({ found: null, problem: null, of: "" });
  const [turn, again] = useState(0);
  const key = asked && JSON.stringify(asked);
  useEffect(() => {
    let over = false;
    if (!key) {
      set({ found: null, problem: null, of: "" });
      return undefined;
    }
    const timer = setTimeout(() => {
      call("POST", "absences/preview/", { body: asked })
        .then(({ data }) => !over && set({ found: data, problem: null, of: key }))
        .catch((problem) => !over && set({ found: null, problem, of: key }));
    }, PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [key, turn]);
  const fresh = state.of === key;
  return { found: fresh ? state.found : null, problem: fresh ? state.problem : null, again: () => again((n) => n + 1) };
}
