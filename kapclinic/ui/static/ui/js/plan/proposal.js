// What is proposed, what was moved of it by hand, what that would bring, and booking all of it or none.
import { call, get, newKey } from "../core/api.js";
import { useEffect, useRef, useState } from "../core/h.js";
import { differs, keyOf, mended, moved, sent } from "./rows.js";

const ROUNDS = 8; // a dose that is mended may take its integration along, and that one the next dose
const NOTHING = { rows: null, first: [], weeks: 0, unmet: [], problem: null, asking: true };
const UNKNOWN = { effects: new Map(), possible: false, refusal: null, problem: null, known: false };
const CALM = { busy: false, problem: null, row: null };

/** @param {string} id of the program @param {object} query the wishes */
export function useProposal(id, query) {
  const path = `programs/${id}/plan/`;
  const [plan, setPlan] = useState(NOTHING);
  const { look, tryOut } = useLook(path);
  const { booking, book, calm } = useBooking(path);
  const asked = useRef(0); // an answer to an older question is thrown away
  const take = (rows) => {
    setPlan((old) => ({ ...old, rows }));
    calm();
    return tryOut(rows);
  };
  async function ask() {
    const mine = ++asked.current;
    setPlan((old) => ({ ...old, asking: true, problem: null }));
    try {
      const { sessions, weeks, unmet } = await get(path, query);
      if (mine !== asked.current) return;
      setPlan({ rows: sessions, first: sessions, weeks, unmet, problem: null, asking: false });
      calm();
      await tryOut(sessions);
    } catch (problem) {
      if (mine === asked.current) setPlan((old) => ({ ...old, asking: false, problem }));
    }
  }
  async function mendAll() {
    let [rows, found] = [plan.rows, look];
    for (let i = 0; i < ROUNDS && found; i += 1) {
      rows = mended(rows, found.effects);
      found = rows && (await take(rows));
    }
  }
  useEffect(() => {
    ask();
  }, [id, JSON.stringify(query)]);
  const was = new Map(plan.first.map((row) => [keyOf(row), row]));
  const changed = new Set((plan.rows ?? []).filter((row) => differs(row, was.get(keyOf(row)))).map(keyOf));
  const back = (key) => plan.rows.map((row) => (goesWith(row, key) ? was.get(keyOf(row)) : row));
  return {
    ...plan,
    was,
    changed,
    look,
    booking,
    ask,
    mendAll,
    lookAgain: () => tryOut(plan.rows),
    move: (key, place, rules) => take(moved(plan.rows, key, place, rules)),
    putBack: (key) => take(key ? back(key) : plan.first),
    book: () => book(plan.rows, tryOut),
  };
}

/** What the server says that the rows would bring. Nothing is written by it. */
function useLook(path) {
  const [look, setLook] = useState(UNKNOWN);
  const tried = useRef(0);
  async function tryOut(rows) {
    const mine = ++tried.current;
    if (!rows.length) {
      setLook({ ...UNKNOWN, known: true });
      return null;
    }
    setLook((old) => ({ ...old, known: false }));
    let found;
    try {
      const { data } = await call("POST", path, { query: { preview: "true" }, body: { sessions: sent(rows) } });
      const effects = new Map(data.sessions.map((row, i) => [keyOf(rows[i]), row.effects]));
      found = { effects, possible: data.possible, refusal: data.refusal, problem: null, known: true };
    } catch (problem) {
      found = { ...UNKNOWN, problem, known: true };
    }
    if (mine !== tried.current) return null;
    setLook(found);
    return found.problem ? null : found;
  }
  return { look, tryOut };
}

/** All or none, once: a second press, and one after a lost answer, carries the key of the first. */
function useBooking(path) {
  const [booking, set] = useState(CALM);
  const [key, busy] = [useRef({ of: "", key: "" }), useRef(false)];
  async function book(rows, tryOut) {
    if (busy.current) return null;
    const body = { sessions: sent(rows) };
    const text = JSON.stringify(body);
    if (key.current.of !== text) key.current = { of: text, key: newKey() };
    busy.current = true;
    set({ ...CALM, busy: true });
    try {
      const { data } = await call("POST", path, { body, key: key.current.key });
      set(CALM);
      return data;
    } catch (problem) {
      if (!problem.passing) key.current = { of: "", key: "" }; // refused: the next press is another try
      const row = rows[rowNamed(problem)];
      set({ busy: false, problem, row: row ? keyOf(row) : null });
      if (row) tryOut(rows);
      return null;
    } finally {
      busy.current = false;
    }
  }
  return { booking, book, calm: () => set(CALM) };
}

/** A dose is put back with its integration. */
function goesWith(row, key) {
  return keyOf(row) === key || (row.kind === "integration" && `dosing-${row.number}` === key);
}

/** Which session of the plan a refusal names: "/sessions/3/…" */
function rowNamed(problem) {
  return Number(problem.errors?.map((error) => error.pointer.match(/^\/sessions\/(\d+)/)?.[1]).find(Boolean) ?? -1);
}
