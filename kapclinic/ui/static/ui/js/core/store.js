// A value that several parts of a page show: they read it with `useStore` and are drawn anew when it changes.
import { useEffect, useState } from "../../vendor/hooks.js";

/** @template T @param {T} first */
export function store(first) {
  let value = first;
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore(kept) {
  const [value, set] = useState(kept.get());
  useEffect(() => {
    set(kept.get());
    return kept.listen(set);
  }, [kept]);
  return value;
}

/** How many papers hold words that are on this page alone: whoever leaves it is asked first. */
export const unsaved = store(0);
globalThis.window?.addEventListener("beforeunload", (event) => unsaved.get() && event.preventDefault());
