// What a row of the worklist is about: its session, and the integration that is owed.
import { get } from "../../core/api.js";
import { useEffect, useState } from "../../core/h.js";

async function load(task) {
  const owed = task.subject_type === "obligation" ? await get(`obligations/${task.subject_id}/`) : null;
  const id = owed ? owed.integration_session?.id : task.subject_type === "session" ? task.subject_id : task.session;
  return { owed, session: id ? await get(`sessions/${id}/`) : null };
}

/** {owed, session, problem}: null until known, and for a row that is about neither. */
export function useFacts(task) {
  const [facts, set] = useState({ of: null, owed: null, session: null, problem: null });
  useEffect(() => {
    let over = false;
    if (!task) return undefined;
    load(task)
      .then((found) => !over && set({ of: task.id, problem: null, ...found }))
      .catch((problem) => !over && set({ of: task.id, owed: null, session: null, problem }));
    return () => {
      over = true;
    };
  }, [task?.id, task?.version]);
  return facts.of === task?.id ? facts : { owed: null, session: null, problem: null };
}
