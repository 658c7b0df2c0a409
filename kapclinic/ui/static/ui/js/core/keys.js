// Single keys, while no field has focus; they can be turned off. Each is printed on its button.
import { useLayoutEffect, useRef } from "../../vendor/hooks.js";
import { store } from "./store.js";

export const keysOn = store(localStorage.getItem("kap.keys") !== "off");

export function turnKeys(on) {
  localStorage.setItem("kap.keys", on ? "on" : "off");
  keysOn.set(on);
}

/** The frame's dialog over the page: "search", "keys", "waiting", "leave" or null. */
export const over = store(null);
// What is typed for a dialog that is still to come is no key.
let coming = 0;

/** No letter is a key until the answer is called. */
export function holdKeys() {
  coming += 1;
  return () => {
    coming -= 1;
  };
}

function busy(event) {
  if (over.get() || (coming && /^[a-z/]$/i.test(event.key))) return true;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  if (document.querySelector("dialog[open]")) return true;
  const field = event.target.closest?.("input, select, textarea, [contenteditable]");
  return field?.type === "checkbox" ? event.key === " " : !!field;
}

/** @param {Record<string, () => void>} table a key, or two after one another ("g w"), -> what it does */
export function useKeys(table) {
  const latest = useRef(table); // a page is drawn anew between the two keys of "g w"
  latest.current = table;
  useLayoutEffect(() => { // before it is seen: whoever reads a key on its button can press it
    let first = "";
    const press = (event) => {
      if (!keysOn.get() || busy(event)) return;
      const name = first ? `${first} ${event.key}` : event.key;
      first = "";
      const act = latest.current[name];
      if (act) {
        event.preventDefault();
        act();
      } else if (Object.keys(latest.current).some((key) => key.startsWith(`${event.key} `))) {
        first = event.key;
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
