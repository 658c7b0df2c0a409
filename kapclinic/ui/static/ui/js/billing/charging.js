// Several sessions are charged one after another, each as it is proposed at that moment, or not at all.
import { get, newKey, post } from "../core/api.js";
import { useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { parse, plain, sum } from "../core/cents.js";

const IDLE = { busy: false, done: 0, total: 0, failed: [], stopped: null };

/** @throws when it is no longer what the list has shown */
async function chargeOne(row, keyOf) {
  const path = `sessions/${row.session.id}/proposed-charges/`;
  const made = await get(path);
  if (made.blockers.length) throw new Error(t("Something stops it now: look at it on its own."));
  const amount = sum(made.lines.map((line) => line.amount));
  if (!made.lines.length) throw new Error(t("Nothing is left to charge: somebody was faster."));
  if (amount !== parse(row.totals.amount)) throw new Error(t("It would be {amount} now: look at it on its own.", { amount: plain(amount) }));
  const body = { lines: made.lines };
  return (await post(path, body, { key: keyOf(row.session.id, body) })).charges;
}

/** @param {(made: {row: any, charges: any[]}[]) => void} onEnd */
export function useCharging(onEnd) {
  const [state, set] = useState(IDLE);
  const [keys, under] = [useRef(new Map()), useRef(false)];
  const keyOf = (id, body) => {
    const text = id + JSON.stringify(body);
    if (!keys.current.has(text)) keys.current.set(text, newKey());
    return keys.current.get(text);
  };
  async function run(rows) {
    if (under.current) return;
    under.current = true;
    const made = [];
    let found = { ...IDLE, busy: true, total: rows.length };
    set(found);
    for (const row of rows) {
      try {
        made.push({ row, charges: await chargeOne(row, keyOf) });
        found = { ...found, done: found.done + 1 };
      } catch (problem) {
        if (problem.passing) found = { ...found, stopped: problem };
        else found = { ...found, done: found.done + 1, failed: [...found.failed, { row, why: problem.status ? words(problem) : problem.message }] };
      }
      set(found);
      if (found.stopped) break;
    }
    under.current = false;
    set({ ...found, busy: false });
    keys.current = found.stopped ? keys.current : new Map(); // a lost answer is asked for again under its key
    onEnd(made);
  }
  return { ...state, run, clear: () => set(IDLE) };
}
