// One's own phrases, read once: "/" brings them into a note.
import { all } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";

/** {rows, problem, again} */
export function usePhrases(wanted) {
  const [state, set] = useState({ rows: [], problem: null });
  const [turn, again] = useState(0);
  useEffect(() => {
    let over = false;
    if (!wanted) return undefined;
    all("phrases/", { ordering: "name" }).then((rows) => !over && set({ rows, problem: null }), (problem) => !over && set((old) => ({ ...old, problem })));
    return () => {
      over = true;
    };
  }, [wanted, turn]);
  return { ...state, again: () => again((n) => n + 1) };
}
