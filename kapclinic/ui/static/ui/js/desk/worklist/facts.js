// What a row of the worklist is about: its session, the integration that is owed, the link that was sent.
import { get } from "../../core/api.js";
import { useEffect, useState } from "../../core/h.js";

const NOTHING = { owed: null, link: null, session: null, problem: null };

async function load(task) {
  const owed = task.subject_type === "obligation" ? await get(`obligations/${task.subject_id}/`) : null;
  const link = task.subject_type === "client_link" ? await get(`client-links/${task.subject_id}/`) : null;
  const id = owed ? owed.integration_session?.id : link?.purpose === "confirm" ? link.subject : task.subject_type === "session" ? task.subject_id : task.session;
  return { owed, link, session: id ? await get(`sessions/${id}/`) : null };
}

/** {owed, link, session, problem}: null until known, and for a row that is about none of them. */
export function useFacts(task) {
  const [facts, set] = useState({ ...NOTHING, of: null });
  useEffect(() => {
    let over = false;
    if (!task) return undefined;
    load(task)
      .then((found) => !over && set({ of: task.id, problem: null, ...found }))
      .catch((problem) => !over && set({ ...NOTHING, of: task.id, problem }));
    return () => {
      over = true;
    };
  }, [task?.id, task?.version]);
  return facts.of === task?.id ? facts : NOTHING;
}
