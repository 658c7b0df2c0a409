// One act for one intent: a second press does nothing more, also when the answer to the first was lost.
import { newKey } from "../core/api.js";
import { useRef } from "../core/h.js";
import { now } from "../core/time.js";

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
 * The key of what a form says, and the moment at which it was first sent. Both stay while nobody knows whether it
 * acted, because a key never comes with two bodies; a refusal ends them: it did not act.
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
