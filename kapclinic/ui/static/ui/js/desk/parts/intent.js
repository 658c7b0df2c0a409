// One key for one intent: pressing twice, or again after a lost answer, writes once; a changed form is another intent.
import { call, newKey } from "../../core/api.js";
import { useEffect, useRef, useState } from "../../core/h.js";

/** @returns {(what: any) => string} the key of what is about to be written */
export function useIntent() {
  const last = useRef({ text: null, key: "" });
  return (what) => {
    const text = JSON.stringify(what);
    if (last.current.text !== text) last.current = { text, key: newKey() };
    return last.current.key;
  };
}

/**
 * A write that the button follows: `busy` from the press to the answer, `problem` when it was refused.
 *
 * @param {(answer: any) => void} onDone
 */
export function useWrite(onDone) {
  const [state, set] = useState({ busy: false, problem: null });
  const intent = useIntent();
  const [under, here] = [useRef(false), useRef(true)];
  useEffect(() => () => {
    here.current = false;
  }, []);
  /** @param {string} path @param {any} body @param {{method?: string, match?: string}} how */
  async function write(path, body, { method = "POST", match } = {}) {
    if (under.current) return;
    under.current = true;
    set({ busy: true, problem: null });
    try {
      const { data } = await call(method, path, { body, key: match ? undefined : intent([path, body]), match });
      under.current = false;
      if (here.current) set({ busy: false, problem: null });
      onDone(data);
    } catch (problem) {
      under.current = false;
      if (here.current) set({ busy: false, problem });
    }
  }
  const clear = () => set({ busy: false, problem: null });
  return { ...state, write, clear, fail: (problem) => set({ busy: false, problem }) };
}
