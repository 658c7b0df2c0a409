// What the address of a page says, and how a choice gets into it.
import { useLayoutEffect, useState } from "../core/h.js";

function readAddress() {
  return Object.fromEntries(new URLSearchParams(window.location.search));
}

/** What the address says, ids and choices alone, so that Back and a reload come back here; and how it is changed. */
export function useAddress() {
  const [said, set] = useState(readAddress);
  useLayoutEffect(() => { // before it is seen: whoever goes back at once is heard
    const back = () => set(readAddress());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (change) => {
    const query = Object.entries({ ...readAddress(), ...change }).filter(([, value]) => value);
    const text = new URLSearchParams(Object.fromEntries(query)).toString();
    if (window.location.search === (text && `?${text}`)) return;
    history.pushState(null, "", window.location.pathname + (text && `?${text}`));
    set(readAddress());
  };
  return [said, go];
}
