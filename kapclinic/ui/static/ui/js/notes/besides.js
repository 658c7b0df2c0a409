// What is read beside a note, asked for together.
import { get } from "../core/api.js";
import { scalesOf } from "../record/outcomes.js";

const quietly = (asked, missing) => asked.catch((problem) => (missing.push(problem), null));

/** What is read beside a note; a part that cannot be had is null, and said to be so. @param {any} about */
export async function besides({ session, program, client, dose = null }) {
  const missing = [];
  const ask = (path, query) => quietly(get(path, query), missing);
  const [row, course, banner, timeline, signed] = await Promise.all([
    ask(`sessions/${session}/`),
    ask(`programs/${program}/`),
    ask(`clients/${client}/banner/`),
    ask(`programs/${program}/timeline/`),
    ask("notes/", { program, status: "signed", ordering: "-signed_at", page_size: 50 }),
  ]);
  const given = givenBefore(timeline, row, dose);
  const [readings, record, protocol, ...outcomes] = await Promise.all([
    given && ask(`sessions/${given.session}/readings/`, { page_size: 100 }),
    given && ask(`sessions/${given.session}/record/`),
    given && course && ask(`protocols/${course.protocol}/`),
    ...scalesOf(timeline?.measures ?? []).map((instrument) => ask(`programs/${program}/outcomes/`, { instrument })),
  ]);
  return { session: row, program: course, banner, timeline, outcomes: timeline?.measures && outcomes.filter(Boolean), signed: signed?.results ?? [], given, readings: readings?.results ?? [], record, bands: protocol?.bands ?? null, missing };
}

/** The dose that the session is about: its own, else the last one before it. {session, doses, number} */
function givenBefore(timeline, session, dose) {
  const doses = timeline?.doses ?? [];
  if (!session || !doses.length) return null;
  const before = doses.filter((row) => row.session === session.id || Date.parse(row.administered_at) < Date.parse(session.starts_at));
  const of = doses.some((row) => row.session === dose) ? dose : doses.some((row) => row.session === session.id) ? session.id : before.at(-1)?.session;
  const sitting = timeline.sessions.find((row) => row.id === of);
  return of ? { session: of, doses: doses.filter((row) => row.session === of), number: sitting?.number ?? null } : null;
}
