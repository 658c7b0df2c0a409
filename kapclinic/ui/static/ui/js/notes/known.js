// What waits for whoever is here: the inbox, and the clients who are here now; one note, and what is read beside it.
import { call, get } from "../core/api.js";
import { useEffect, useRef, useState } from "../core/h.js";
import { has, me } from "../core/me.js";
import { Draft, heldDraft } from "./draft.js";
import { WRITE, wordsOf } from "./words.js";

const AGAIN = 45000;
const HERE = ["checked_in", "in_progress"];

async function loaded(poll) {
  if (!has(...WRITE)) return { to_write: [], drafts: [], to_cosign: [], here: [] };
  const mine = (status) => get("sessions/", { staff: me.get().id, status, ordering: "starts_at", page_size: 20 }, { poll });
  const [inbox, ...here] = await Promise.all([get("notes/inbox/", {}, { poll }), ...HERE.map(mine)]);
  return { ...inbox, here: here.flatMap((page) => page.results) };
}

/** {data, problem, at, again}: `data` null before the first answer, and kept when a later one fails. */
export function useInbox() {
  const [state, set] = useState({ data: null, problem: null, at: 0 });
  const look = (poll) => loaded(poll).then(
    (data) => set({ data, problem: null, at: Date.now() }),
    (problem) => set((old) => ({ ...old, problem })),
  );
  useEffect(() => {
    look(false);
    const timer = setInterval(() => document.hidden || look(true), AGAIN);
    const seen = () => document.hidden || look(true);
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("online", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", seen);
    };
  }, []);
  return { ...state, again: () => look(false) };
}

/** May this note be written on by whoever reads it? */
export function isOpen(note) {
  return note.status === "draft" && note.sections !== null && note.author === me.get().id;
}

function draftFor(note, tag) {
  return new Draft({ path: `notes/${note.id}/`, row: note, tag, wordsOf, bodyOf: (words) => words, open: isOpen });
}

/** {note, draft, problem, again}: one's own draft with its words, any other note as it stands. @param {string | null} id */
export function useNote(id) {
  const [state, set] = useState({ id: null, note: null, draft: null, problem: null });
  const latest = useRef(id);
  latest.current = id;
  const look = async (poll) => {
    if (!id) return;
    const held = heldDraft(`notes/${id}/`);
    if (held) {
      set({ id, note: held.row, draft: held, problem: null });
      held.save(false);
      return;
    }
    try {
      const { data, tag } = await call("GET", `notes/${id}/`, { poll });
      if (latest.current === id) set((old) => next(old, id, data, tag));
    } catch (problem) {
      if (latest.current === id) set((old) => ({ ...(old.id === id ? old : { id, note: null, draft: null }), problem }));
    }
  };
  useEffect(() => {
    look(false);
    const seen = () => document.hidden || look(true);
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [id]);
  const here = state.id === id ? state : { note: null, draft: null, problem: null };
  return { ...here, again: () => look(false) };
}

/** What was asked for anew: a draft that is being written on keeps its words. */
function next(old, id, note, tag) {
  const kept = old.id === id ? old.draft : null;
  if (kept && isOpen(note)) {
    if (!kept.dirty && !kept.running) kept.adopt(note, tag);
    return { ...old, note: kept.row, problem: null };
  }
  if (kept?.dirty) return old; // it is told as a conflict once its words are sent
  kept?.close();
  return { id, note, draft: isOpen(note) ? draftFor(note, tag) : null, problem: null };
}

/** @param {{session: string, program: string, client: string, dose?: string | null} | null} about */
export function useBesides(about) {
  const [state, set] = useState({ of: null, data: null });
  const [turn, again] = useState(0);
  const of = about && about.session;
  useEffect(() => {
    let over = false;
    if (!about) return undefined;
    import("./besides.js").then((found) => found.besides(about)).then((data) => !over && set({ of, data }), () => {}); // it is read beside the note, which can do without
    return () => {
      over = true;
    };
  }, [of, about?.dose, turn]);
  return { data: state.of === of ? state.data : null, again: () => again((n) => n + 1) };
}

/** The last signed note of the same kind before this session. */
export function lastNote(besides, kind, session) {
  if (!besides?.session) return null;
  const before = besides.signed.filter((row) => row.kind === kind && row.session !== session && row.session_starts_at < besides.session.starts_at);
  return before.sort((a, b) => Date.parse(b.session_starts_at) - Date.parse(a.session_starts_at))[0] ?? null;
}

/** {session, problem}: one that has no note yet. @param {string | null} id */
export function useSession(id) {
  const [state, set] = useState({ id: null, session: null, problem: null });
  useEffect(() => {
    let over = false;
    if (!id) return undefined;
    call("GET", `sessions/${id}/`).then(({ data }) => !over && set({ id, session: data, problem: null }), (problem) => !over && set({ id, session: null, problem }));
    return () => {
      over = true;
    };
  }, [id]);
  return state.id === id ? state : { session: null, problem: null };
}
