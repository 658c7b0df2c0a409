// One act for one intent: a second press, or one after a lost answer, does nothing more.
import { call, newKey } from "./api.js";
import { useEffect, useRef, useState } from "./h.js";
import { now } from "./time.js";

/** @returns {(act: () => Promise) => Promise} runs `act`, unless the last one still runs */
export function useOnce() {
  const busy = useRef(false);
  return async (act) => {
    if (busy.current) return;
    busy.current = true;
    try {
      await act();
    } finally {
      busy.current = false;
    }
  };
}

/**
 * The key of what a form says, and when it was first sent: both stay until a refusal, for it may have acted.
 *
 * @param {object} form what the intent consists of
 */
export function useIntent(form) {
  const kept = useRef(null);
  const text = JSON.stringify(form);
  return {
    sent() {
      if (kept.current?.text !== text) kept.current = { text, key: newKey(), at: now() };
      return kept.current;
    },
    /** Did it act after all? The server knows the key with another body: a password was typed anew, say. */
    acted(problem) {
      if (!problem.passing) kept.current = null;
      return problem.code === "idempotency_key_reused";
    },
  };
}

/** Keys of writes whose answer was lost, for a form that is filled in anew. */
const unsure = new Map();

/** @returns {(what: any) => string} the key of what is about to be written: a changed form is another intent */
export function useIntentKey() {
  const last = useRef({ text: null, key: "" });
  return (what) => {
    const text = JSON.stringify(what);
    if (last.current.text !== text) last.current = { text, key: unsure.get(text) ?? newKey() };
    return last.current.key;
  };
}

/** Remember the key of a write while nobody knows whether it acted. */
function keepKey(what, key, problem) {
  if (problem?.passing) unsure.set(JSON.stringify(what), key);
  else unsure.delete(JSON.stringify(what));
}

/** Whoever was refused, or told to come later, has not acted. */
function mayHaveActed(problem) {
  return !!problem?.passing && ![429, 503].includes(problem.status);
}

/**
 * A write that the button follows: `busy` from the press to the answer, `problem` when it was refused.
 *
 * @param {(answer: any, replayed: boolean) => void} onDone `replayed`: the first try had acted, and its answer was lost
 * @param {() => object} [unsure] of money: the refusal of another body while nobody knows whether the first one acted
 */
export function useWrite(onDone, unsure) {
  const lost = useRef("");
  const [state, set] = useState({ busy: false, problem: null });
  const keyOf = useIntentKey();
  const [under, here] = [useRef(false), useRef(true)];
  useEffect(() => () => {
    here.current = false;
  }, []);
  /** @param {string} path @param {any} body @param {{method?: string, match?: string}} how */
  async function write(path, body, { method = "POST", match } = {}) {
    if (under.current) return;
    const text = JSON.stringify([path, body]);
    if (unsure && lost.current && lost.current !== text) return set({ busy: false, problem: unsure() });
    under.current = true;
    set({ busy: true, problem: null });
    const key = match && method !== "POST" ? undefined : keyOf([path, body]); // an edit that is repeated is refused by its version
    try {
      const { data, replayed } = await call(method, path, { body, key, match });
      keepKey([path, body], key, null);
      lost.current = "";
      under.current = false;
      if (here.current) set({ busy: false, problem: null });
      onDone(data, replayed);
    } catch (problem) {
      keepKey([path, body], key, problem);
      lost.current = mayHaveActed(problem) ? text : "";
      under.current = false;
      if (here.current) set({ busy: false, problem });
    }
  }
  const clear = () => set({ busy: false, problem: null });
  return { ...state, write, clear, fail: (problem) => set({ busy: false, problem }) };
}
