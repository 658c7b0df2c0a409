// Where this page is: a note in its path; a tab, or a session to write up, beside it. Ids only, so that Back and a reload come back here.
import { useEffect, useState } from "../core/h.js";

/** @returns {{note: string | null, session: string | null, tab: string}} */
function read() {
  const query = new URLSearchParams(window.location.search);
  return { note: window.location.pathname.split("/")[2] || null, session: query.get("session"), tab: query.get("tab") ?? "write" };
}

export function addressOf({ note = null, session = null, tab = "write" }) {
  const query = new URLSearchParams();
  if (tab !== "write") query.set("tab", tab);
  if (session && !note) query.set("session", session);
  const text = query.toString();
  return (note ? `/notes/${note}` : "/notes") + (text && `?${text}`);
}

/** @returns {[ReturnType<typeof read>, (to: {note?: string | null, session?: string | null, tab?: string}, over?: boolean) => void]} */
export function useRoute() {
  const [route, set] = useState(read);
  useEffect(() => {
    const back = () => set(read());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (to, over = false) => {
    const address = addressOf({ tab: route.tab, ...to });
    if (over) history.replaceState(null, "", address);
    else if (address !== window.location.pathname + window.location.search) history.pushState(null, "", address);
    set(read());
  };
  return [route, go];
}
