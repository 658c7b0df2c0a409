// The course that is planned: its program, its client by name, its protocol; and the wishes that stand in the address.
import { get } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";
import { dayIn } from "../core/time.js";
import { writeAddress } from "../desk/known.js";

export const DAYS = [0, 1, 2, 3, 4, 5, 6]; // 0 is Monday, as the API counts
const WHOLE_DAY = ["00:00", "23:59"];

/** `/programs/{id}/plan` */
export function programOf(path) {
  return path.split("/")[2];
}

/** {course: {program, banner, protocol, owed} | null, problem, again} */
export function useCourse(id) {
  const [state, set] = useState({ course: null, problem: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let over = false;
    load(id).then(
      (course) => !over && set({ course, problem: null }),
      (problem) => !over && set((old) => ({ ...old, problem })),
    );
    return () => {
      over = true;
    };
  }, [id, turn]);
  return { ...state, again: () => setTurn((n) => n + 1) };
}

async function load(id) {
  const program = await get(`programs/${id}/`);
  const [banner, protocol, owed] = await Promise.all([
    get(`clients/${program.client}/banner/`),
    get(`protocols/${program.protocol}/`),
    get("obligations/", { program: id, page_size: 100 }),
  ]);
  return { program, banner, protocol, owed: owed.results };
}

/** What the address says: wishes, view, and the chosen row. Ids only, so that Back and a reload come back here. */
export function readPlan() {
  const query = new URLSearchParams(window.location.search);
  return Object.fromEntries(["from", "days", "hours", "modality", "view", "row", "session"].map((name) => [name, query.get(name)]));
}

export const writePlan = writeAddress;

/** The fields of the wishes: what the address says, else what the program does. */
export function wishOf(address, program, zone, at) {
  const hours = address.hours?.split("-") ?? (program.preferred_hours ? [program.preferred_hours.from.slice(0, 5), program.preferred_hours.to.slice(0, 5)] : ["", ""]);
  const whole = hours[0] === WHOLE_DAY[0] && hours[1] === WHOLE_DAY[1];
  const days = address.days ? address.days.split(",").map(Number) : program.preferred_days;
  return {
    from: address.from ?? dayIn(at, zone),
    days: days.length === DAYS.length ? [] : days,
    start: whole ? "" : hours[0],
    end: whole ? "" : hours[1] ?? "",
    modality: address.modality ?? "",
  };
}

/** What is asked of the server: no more than what differs from the program. "Any day" must be said where the program has some. */
export function queryOf(wish, program, zone, at) {
  const days = wish.days.length ? wish.days : DAYS;
  const known = program.preferred_days.length ? program.preferred_days : DAYS;
  const hours = wish.start || wish.end ? `${wish.start || WHOLE_DAY[0]}-${wish.end || WHOLE_DAY[1]}` : program.preferred_hours ? WHOLE_DAY.join("-") : null;
  const same = program.preferred_hours && hours === `${program.preferred_hours.from.slice(0, 5)}-${program.preferred_hours.to.slice(0, 5)}`;
  return {
    from: wish.from && wish.from !== dayIn(at, zone) ? wish.from : null,
    days: String([...days].sort()) === String([...known].sort()) ? null : [...days].sort().join(","),
    hours: same ? null : hours,
    modality: wish.modality || null,
  };
}
