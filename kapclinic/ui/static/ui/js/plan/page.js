// /programs/{id}/plan: the whole course as a calendar. What is proposed is tried out, moved, and booked all or none.
import { announce } from "../core/announce.js";
import { html, useEffect, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { lazy } from "../core/lazy.js";
import { locations, place as working } from "../core/me.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { clock, dayIn, instant } from "../core/time.js";
import { useNames } from "../desk/known.js";
import { begin, Frame } from "../frame/frame.js";
import { useNow } from "../frame/net.js";
import { programOf, queryOf, readPlan, useCourse, wishOf, writePlan } from "./known.js";
import { useProposal } from "./proposal.js";
import { Planner } from "./planner.js";
import { byTime, fromBook, fromPlan } from "./weeks.js";

const Move = lazy(() => import("../desk/move.js"), "Move");
const SECONDS = 30;
const WISHES = ["from", "days", "hours", "modality"];

function Page() {
  const id = programOf(window.location.pathname);
  const course = useCourse(id);
  if (!course.course) {
    return html`<${Frame} current="plan">
      ${course.problem ? html`<div class="failed"><h1>${t("This course can not be shown")}</h1><p>${words(course.problem)}</p><button type="button" class="b go" onClick=${course.again}>${t("Try again")}</button></div>` : html`<div class="skels"></div>`}
    <//>`;
  }
  return html`<${Course} id=${id} course=${course.course} />`;
}

/** The wishes that are being written, and those of the address, which a proposal was asked with. */
function useWishes(course, zone, at) {
  const [address, setAddress] = useState(readPlan);
  const [draft, setDraft] = useState(() => wishOf(readPlan(), course.program, zone, at));
  useEffect(() => {
    const back = () => {
      setAddress(readPlan());
      setDraft(wishOf(readPlan(), course.program, zone, at));
    };
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (change) => {
    writePlan(change);
    setAddress(readPlan());
  };
  const { from, days, hours, modality } = address;
  return { address, go, draft, change: (values) => setDraft({ ...draft, ...values }), asked: { from, days, hours, modality } };
}

function Course({ id, course }) {
  const here = useStore(working);
  const place = locations.get().find((row) => row.id === course.program.location) ?? here;
  const [zone, at, names] = [place.time_zone, useNow(30000), useNames(place.id)];
  const wishes = useWishes(course, zone, at);
  const plan = useProposal(id, wishes.asked);
  const [dialog, open] = useState(null);
  const book = usePoll("sessions/", { program: id, page_size: 100 }, SECONDS, () => dialog?.row.id ?? null);
  const changed = useChanged(book, plan.rows === null ? null : plan.first);
  const sessions = fromBook(book.data?.results ?? []);
  const items = byTime([...sessions, ...fromPlan(plan, takenOf(plan))]);
  const chosen = items.find((item) => item.state !== "old" && [wishes.address.row, wishes.address.session].includes(item.key)) ?? null;
  useLeaving(plan.changed.size > 0);
  const choose = (item) => wishes.go({ row: item && !item.id ? item.key : null, session: item?.id ?? null });
  const move = (key, to) => plan.move(key, to, { hours: course.protocol.integration, zone });
  const openMove = (row, to) => row?.allowed_moves.includes("reschedule") && open({ row, to });
  async function bookAll() {
    const made = await plan.book();
    if (!made) {
      book.again(); // what somebody else booked is shown, and what was booked without an answer
      return;
    }
    announce(many(made.sessions.length, "{n} session is booked.", "{n} sessions are booked."));
    choose(null);
    plan.ask();
  }
  const acts = {
    choose,
    move,
    openMove,
    bookAll,
    propose: () => propose({ wishes, plan, program: course.program, zone, at }),
    moveBooked: (remedy) => openMove(sessions.find((one) => one.id === remedy.session), { ...whereOf(remedy, zone), room: remedy.room }),
    drop: (key, day) => drop({ item: items.find((one) => one.key === key), day, zone, choose, move, openMove }),
  };
  const done = () => (open(null), plan.ask());
  return html`<${Frame} current="plan" keys=${KEYS()}>
    <${Planner} ...${{ course, plan, wishes, items, sessions, chosen, place, names, at, book, changed, ...acts }} />
    ${dialog && html`<${Move} ...${dialog} names=${names} zone=${zone} onDone=${done} onClose=${() => open(null)} />`}
  <//>`;
}

/** Ask for another plan: with the same wishes at once, with others by way of the address. */
function propose({ wishes, plan, program, zone, at }) {
  const query = queryOf(wishes.draft, program, zone, at);
  if (WISHES.every((name) => query[name] === wishes.address[name])) plan.ask();
  else wishes.go({ ...query, row: null });
}

/** A session that was dragged to another day, where it keeps its time. */
function drop({ item, day, zone, choose, move, openMove }) {
  if (!item || dayIn(item.starts_at, zone) === day) return;
  const time = clock(item.starts_at, zone);
  choose(item);
  if (item.id) openMove(item, { day, time, room: item.room });
  else move(item.key, { starts_at: new Date(instant(day, time, zone)).toISOString() });
}

function whereOf(row, zone) {
  return { day: dayIn(row.starts_at, zone), time: clock(row.starts_at, zone) };
}

function KEYS() {
  return [["p", t("Propose again")], ["b", t("Book all")], ["m", t("Move the chosen session")], ["← →", t("Session before, session after")]];
}

/** The rows that somebody else has taken: those that were refused so, and those that a look finds taken. */
function takenOf(plan) {
  const found = new Set(plan.booking.problem?.extra?.conflicts ? [plan.booking.row] : []);
  for (const [key, effects] of plan.look.effects) if (effects.some((one) => one.code === "resource_conflict")) found.add(key);
  return found;
}

/** Has the book of this course changed since the proposal was made? It is asked anew with each proposal. */
function useChanged(poll, first) {
  const [seen, see] = useState({ first: null, before: null, book: null });
  const text = poll.data && JSON.stringify(poll.data.results.map((row) => [row.id, row.starts_at, row.status, row.outcome]).sort());
  useEffect(() => {
    see({ first, before: poll.data, book: null });
    if (first) poll.again();
  }, [first]);
  useEffect(() => {
    if (seen.first && seen.book === null && poll.data && poll.data !== seen.before) see({ ...seen, book: text });
  }, [poll.data, seen]);
  return seen.first === first && seen.book !== null && seen.book !== text;
}

/** What was moved by hand is on this page alone. */
function useLeaving(unsaved) {
  useEffect(() => {
    if (!unsaved) return undefined;
    const ask = (event) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsaved]);
}

begin(() => html`<${Page} />`);
