// Asking again and again, only while somebody looks. A 304 changes nothing; a row in use is never replaced under a hand.
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { call } from "./api.js";

const LONGEST = 60000;

/** @param {() => string | null} held the id of the row that somebody holds, or null */
export function usePoll(path, query, seconds, held = () => null) {
  const [answer, setAnswer] = useState({ data: null, at: 0, problem: null, waiting: null });
  const again = useRef(() => {});
  const hand = useRef(held); // whoever is asked later than the first drawing knows what is held now
  hand.current = held;
  const key = JSON.stringify([path, query]);
  useEffect(() => {
    if (!path) return undefined;
    let [tag, timer, over, wait, last] = [undefined, 0, false, seconds * 1000, 0];

    async function ask(byHand) {
      clearTimeout(timer);
      if (over || document.hidden) return;
      const mine = (last += 1); // an older answer that comes later says nothing new
      try {
        const found = await call("GET", path, { query, tag, poll: !byHand });
        if (over || mine !== last) return;
        wait = seconds * 1000;
        tag = found.tag;
        setAnswer((old) => next(old, found.data, hand.current()));
      } catch (problem) {
        if (over || mine !== last) return;
        wait = Math.min(LONGEST, wait * 2); // its age is shown meanwhile
        setAnswer((old) => ({ ...old, problem }));
      }
      timer = setTimeout(ask, wait);
    }

    again.current = () => ask(true);
    const seen = () => document.hidden || ask();
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("online", seen);
    ask(true);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", seen);
    };
  }, [key, seconds]);
  const release = () => setAnswer((old) => (old.waiting ? { ...old, data: old.waiting, waiting: null } : old));
  return { ...answer, again: () => again.current(), release };
}

function next(old, data, busy) {
  const fresh = { at: Date.now(), problem: null };
  if (data === null) return { ...old, ...fresh }; // 304
  if (busy && old.data) return { ...old, ...fresh, waiting: data };
  return { ...fresh, data, waiting: null };
}
