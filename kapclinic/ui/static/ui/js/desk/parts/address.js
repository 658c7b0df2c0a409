// What the address of a page says: ids and choices, never a name. Back and a reload come back to the same row.
import { useLayoutEffect, useState } from "../../core/h.js";
import { writeAddress } from "../known.js";

function read() {
  return Object.fromEntries(new URLSearchParams(window.location.search));
}

/** @returns {[Record<string, string>, (change: Record<string, string | null>) => void]} */
export function useAddress() {
  const [said, set] = useState(read);
  useLayoutEffect(() => {
    const back = () => set(read());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (change) => {
    writeAddress(change);
    set(read());
  };
  return [said, go];
}
