// A screening's draft: every change goes to the server by itself, and says where it is. Two writers see both versions.
import { call } from "../core/api.js";
import { useEffect, useRef, useState } from "../core/h.js";
import { holdPage } from "../care/loaded.js";

const PAUSE = 700;
const AGAIN = 5000;
const TRIES = 4;
const LISTS = ["blood_pressures", "medications"];
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The draft as somebody sees it: what the server has, with what is not sent yet laid over it. */
function laid(row, dirty) {
  const { answers = {}, ...rest } = dirty;
  return { ...row, ...rest, answers: { ...row.answers, ...answers } };
}

/** What somebody else changed under a hand: [{field, code?, mine, theirs}]. */
function clashes(dirty, base, theirs) {
  const answers = Object.keys(dirty.answers ?? {})
    .filter((code) => !same(theirs.answers[code], base.answers[code]) && !same(theirs.answers[code], dirty.answers[code]))
    .map((code) => ({ field: "answers", code, mine: dirty.answers[code], theirs: theirs.answers[code] }));
  const lists = LISTS.filter((name) => name in dirty && !same(theirs[name], base[name]) && !same(theirs[name], dirty[name]));
  return [...answers, ...lists.map((field) => ({ field, mine: dirty[field], theirs: theirs[field] }))];
}

/**
 * @param {object} first the draft as it was loaded
 * @returns {{row: object, state: "server" | "sending" | "page" | "refused" | "clash", problem: any, clash: object | null, change: Function, flush: () => Promise<boolean>, keep: Function, take: Function}}
 */
export function useDraft(first) {
  const [shown, show] = useState({ row: first, state: "server", problem: null, clash: null });
  const kept = useRef({ row: first, dirty: {}, tag: `"${first.version}"`, timer: 0, under: null, clash: null });
  const tell = (state, problem = null) => show({ row: laid(kept.current.row, kept.current.dirty), state, problem, clash: kept.current.clash });
  const clean = () => !Object.keys(kept.current.dirty).length;

  /** @returns {Promise<boolean>} is it worth another try at once? */
  async function once() {
    const now = kept.current;
    if (clean() || now.clash) return false;
    const sent = now.dirty;
    tell("sending");
    try {
      const { data, tag } = await call("PATCH", `screenings/${first.id}/`, { body: sent, match: now.tag });
      now.row = data;
      now.tag = tag ?? `"${data.version}"`;
      now.dirty = rest(now.dirty, sent);
      tell(clean() ? "server" : "page");
    } catch (problem) {
      if (problem.status === 412) return met();
      if (problem.passing) later(problem);
      else tell("refused", problem);
      return false;
    }
    return !clean();
  }

  /** Somebody else wrote in the meantime: what does not touch goes on, what does is shown side by side. */
  async function met() {
    const now = kept.current;
    try {
      const { data, tag } = await call("GET", `screenings/${first.id}/`);
      const both = clashes(now.dirty, now.row, data);
      Object.assign(now, { row: data, tag: tag ?? `"${data.version}"`, clash: both.length ? both : null });
      tell(both.length ? "clash" : "page");
      return !both.length;
    } catch (problem) {
      later(problem);
      return false;
    }
  }

  async function several() {
    for (let tries = 0; tries < TRIES && (await once()); tries += 1);
  }

  function later(problem) {
    tell("page", problem);
    soon(AGAIN);
  }

  const flush = async () => {
    clearTimeout(kept.current.timer);
    while (kept.current.under) await kept.current.under;
    kept.current.under = several();
    await kept.current.under;
    kept.current.under = null;
    return clean();
  };
  function soon(ms) {
    clearTimeout(kept.current.timer);
    kept.current.timer = setTimeout(flush, ms);
  }
  const change = (more) => {
    const { dirty } = kept.current;
    kept.current.dirty = { ...dirty, ...more, ...(more.answers ? { answers: { ...dirty.answers, ...more.answers } } : {}) };
    tell("page");
    soon(PAUSE);
  };
  const settle = () => {
    kept.current.clash = null;
    tell(clean() ? "server" : "page");
    soon(0);
  };
  const take = () => {
    for (const one of kept.current.clash ?? []) {
      if (one.code) kept.current.dirty = { ...kept.current.dirty, answers: without(kept.current.dirty.answers, one.code) };
      else kept.current.dirty = without(kept.current.dirty, one.field);
    }
    if (!Object.keys(kept.current.dirty.answers ?? {}).length) kept.current.dirty = without(kept.current.dirty, "answers");
    settle();
  };
  useEffect(() => {
    const online = () => flush();
    window.addEventListener("online", online);
    const free = holdPage(() => !clean());
    return () => {
      window.removeEventListener("online", online);
      free();
      flush(); // another tab of the page is opened: what was written goes first
    };
  }, []);
  return { ...shown, change, flush, keep: settle, take };
}

const without = (object, name) => Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => key !== name));

/** What was changed again while it was on its way. */
function rest(dirty, sent) {
  const { answers: wrote = {}, ...others } = dirty;
  const answers = Object.fromEntries(Object.entries(wrote).filter(([code, value]) => !same(value, sent.answers?.[code])));
  const lists = Object.fromEntries(Object.entries(others).filter(([name, value]) => !same(value, sent[name])));
  return { ...lists, ...(Object.keys(answers).length ? { answers } : {}) };
}
