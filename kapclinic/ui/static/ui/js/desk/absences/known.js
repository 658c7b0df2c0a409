// Who is away from now on, and what an absence would break.
import { all, call } from "../../core/api.js";
import { useEffect, useState } from "../../core/h.js";

const PAUSE = 300;

/** Times off that are not over, of everybody who works here, the next one first. */
export function useTimesOff(place, at) {
  const [state, set] = useState({ rows: null, problem: null });
  const [turn, again] = useState(0);
  useEffect(() => {
    let over = false;
    all("time-off/", { location: place.id, from: new Date(at).toISOString() })
      .then((rows) => !over && set({ rows, problem: null }))
      .catch((problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [place.id, turn]);
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
