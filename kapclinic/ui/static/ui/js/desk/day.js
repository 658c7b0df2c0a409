// /desk/schedule: the day, where clients are, the chosen session, and what is owed.
import { addDays, clock, dayIn, dayLong } from "../core/time.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { place } from "../core/me.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { lazy } from "../core/lazy.js";
import { useStore } from "../core/store.js";
import { begin, Frame } from "../frame/frame.js";
import { useNow } from "../frame/net.js";
import { columnsOf, Grid } from "./grid.js";
import { useDay, useNames } from "./known.js";
import { openingOf } from "./layout.js";
import { discreet, NamesSwitch, shownName, switchNames } from "./parts/privacy.js";
import { Pick } from "./pick.js";
import { Windows } from "./windows.js";
import { COLUMNS, columnName, GONE, sessionName } from "./words.js";

const Paper = lazy(() => import("./paper.js"), "Paper", { early: true, pane: true });
const Board = lazy(() => import("./board.js"), "Board");
const Book = lazy(() => import("./book.js"), "Book");
const Move = lazy(() => import("./move.js"), "Move");
const Reason = lazy(() => import("./reasons.js"), "Reason");
const Pay = lazy(() => import("./pay.js"), "Pay");
const Ride = lazy(() => import("./reasons.js"), "Ride");
const CallClient = lazy(() => import("./reasons.js"), "CallClient");
const NewClient = lazy(() => import("./people/client.js"), "NewClient");
const NewProgram = lazy(() => import("./people/program.js"), "NewProgram");
const Wait = lazy(() => import("./waitlist/add.js"), "Add");
const Week = lazy(() => import("./week.js"), "Week");
const SECONDS = 15;

function Desk() {
  const here = useStore(place);
  useStore(discreet);
  const [at, zone] = [useNow(15000), here.time_zone];
  const today = dayIn(at, zone);
  const [address, go] = useDay();
  const [dialog, open] = useState(null);
  const [turn, turned] = useState(0);
  const carrying = useRef(false);
  const day = address.day ?? today;
  const names = useNames(here.id);
  const poll = usePoll("day-board/", { location: here.id, date: day }, SECONDS, () => (carrying.current ? "carried" : dialog?.row?.id ?? null));
  const todo = usePoll("tasks/", { location: here.id, role: "me", state: "open", page_size: 1 }, 60);
  useEffect(() => openedBy(open), []);
  const toDay = (next) => go({ day: next === today ? null : next, session: null });
  const choose = (id) => go({ session: id });
  const close = () => (open(null), poll.release()); // what came meanwhile was kept back from a hand
  const fresh = () => (poll.again(), todo.again(), turned((n) => n + 1));
  const done = () => (close(), fresh());
  const carry = (carried) => {
    carrying.current = carried;
    if (!carried) poll.release();
  };
  useKeys({ n: () => open({ kind: "book" }), t: () => toDay(today), ArrowLeft: () => toDay(addDays(day, -1)), ArrowRight: () => toDay(addDays(day, 1)), v: switchNames, p: () => window.print() });
  const board = poll.data?.date === day ? poll.data : null;
  const chosen = board?.sessions.find((row) => row.id === address.session) ?? null;
  return html`<${Frame} current="day" count=${{ todo: todo.data?.count }} keys=${KEYS()}>
    <div class=${address.view === "day" || chosen ? "desk" : "desk alone"}>
      <section class="left" aria-label=${t("The day")}>
        <${Head} day=${day} today=${today} address=${address} go=${go} toDay=${toDay} onBook=${() => open({ kind: "book" })} />
        <${Flow} board=${board} poll=${poll} zone=${zone} choose=${choose} />
        <${Middle} address=${address} board=${board} poll=${poll} day=${day} today=${today} here=${here} at=${at} names=${names} choose=${choose} toDay=${toDay} onBook=${(column) => open({ kind: "book", column })} onDrop=${(drop) => open({ kind: "move", ...movedTo(drop, day, address.by) })} onCarry=${carry} />
        ${board && address.view !== "week" && html`<${Paper} board=${board} day=${day} here=${here} names=${names} at=${at} />`}
      </section>
      <aside class="side" aria-label=${t("Chosen session and integration windows")}>
        ${chosen ? html`<${Pick} row=${chosen} names=${names} zone=${zone} at=${at} turn=${turn} open=${open} onDone=${fresh} onClose=${() => go({ session: null })} />` : html`<${Unchosen} open=${open} />`}
        <${Windows} place=${here} at=${at} turn=${turn} onFind=${(row) => open({ kind: "book", obligation: row })} onCall=${(row) => open({ kind: "call", row })} />
      </aside>
    </div>
    <${Dialogs} dialog=${dialog} names=${names} here=${here} at=${at} open=${open} done=${done} close=${close} />
  <//>`;
}

/** An address may ask for a dialog: it is opened once, and Back does not open it again. */
function openedBy(open) {
  const query = new URLSearchParams(window.location.search);
  const kind = query.has("book") ? "book" : query.get("new");
  if (!["book", "client", "program"].includes(kind)) return;
  for (const name of ["book", "new"]) query.delete(name);
  const rest = query.toString();
  history.replaceState(null, "", window.location.pathname + (rest ? `?${rest}` : ""));
  open({ kind });
}

/** Nothing is chosen: what a desk does for somebody who is not in the day yet. */
function Unchosen({ open }) {
  return html`<div class="pick">
    <p class="quiet small">${t("Choose a session to receive, move or cancel it.")}</p>
    <p class="row wrap">
      <button type="button" class="b s" onClick=${() => open({ kind: "client" })}><${Icon} name="plus" />${t("New client")}</button>
      <button type="button" class="b s" onClick=${() => open({ kind: "program" })}><${Icon} name="plus" />${t("New course")}</button>
    </p>
  </div>`;
}

/** The move dialog for a session that was carried on the grid: the same place otherwise. */
function movedTo({ row, start, from, to }, day, by) {
  const two = (n) => String(n).padStart(2, "0");
  const place = { day, time: `${two(Math.floor(start / 60))}:${two(start % 60)}` };
  if (to === from) return { row, to: place };
  if (by !== "staff") return { row, to: { ...place, room: to.id } };
  return { row, to: { ...place, staff: row.staff.map((one) => (one.user === from.id ? { ...one, user: to.id } : one)) } };
}

function KEYS() {
  return [["n", t("Book")], ["t", t("Today")], ["← →", t("Day before, day after")], ["c", t("Check in")], ["r", t("Next place: room, ready, left")], ["m", t("Move")], ["x", t("Cancel…")], ["v", t("Names as initials")], ["p", t("Print")]];
}

function Dialogs({ dialog, names, here, at, open, done, close }) {
  const zone = here.time_zone;
  if (!dialog) return null;
  const common = { ...dialog, names, zone, onDone: done, onClose: close };
  if (dialog.kind === "book") return html`<${Book} ...${common} here=${here} at=${at} open=${open} />`;
  if (dialog.kind === "client") return html`<${NewClient} here=${here} onKnown=${(client) => open({ kind: "book", start: { client } })} onNew=${(client) => open({ kind: "program", client })} onClose=${close} />`;
  if (dialog.kind === "wait") return html`<${Wait} ...${common} here=${here} at=${at} />`;
  if (dialog.kind === "program") return html`<${NewProgram} ...${common} here=${here} />`;
  if (dialog.kind === "move") return html`<${Move} ...${common} />`;
  if (dialog.kind === "pay") return html`<${Pay} ...${common} here=${here} />`;
  if (dialog.kind === "ride") return html`<${Ride} ...${common} />`;
  if (dialog.kind === "call") return html`<${CallClient} ...${common} />`;
  return html`<${Reason} ...${common} />`;
}

function Head({ day, today, address, go, toDay, onBook }) {
  const seg = (name, value, label, fallback) => html`<button type="button" aria-pressed=${address[name] === value} onClick=${() => go({ [name]: value === fallback ? null : value })}>${label}</button>`;
  return html`<header class="hd">
    <div class="row">
      <button type="button" class="b s" aria-label=${t("Day before")} onClick=${() => toDay(addDays(day, -1))}><${Icon} name="left" /></button>
      <button type="button" class="b s" aria-pressed=${day === today} onClick=${() => toDay(today)}>${t("Today")} <kbd>t</kbd></button>
      <button type="button" class="b s" aria-label=${t("Day after")} onClick=${() => toDay(addDays(day, 1))}><${Icon} name="right" /></button>
    </div>
    <h1 class="nowrap">${dayLong(day)}</h1>
    <label class="vh" for="date">${t("Day")}</label>
    <input id="date" class="date" type="date" value=${day} onChange=${(event) => event.target.value && toDay(event.target.value)} />
    <span class="grow"></span>
    ${address.view === "day" && html`<div class="seg" role="group" aria-label=${t("Columns")}>${seg("by", "rooms", t("Rooms"), "rooms")}${seg("by", "staff", t("Staff"))}</div>`}
    <div class="seg" role="group" aria-label=${t("View")}>${seg("view", "day", t("Day"), "day")}${seg("view", "board", t("Board"))}${seg("view", "week", t("Week"))}</div>
    <button type="button" class="b go" onClick=${onBook}><${Icon} name="plus" />${t("Book")} <kbd>n</kbd></button>
  </header>`;
}

function Flow({ board, poll, zone, choose }) {
  const [open, show] = useState(false);
  const shown = Object.keys(COLUMNS).filter((column) => !GONE.includes(column));
  const gone = board ? board.sessions.filter((row) => GONE.includes(row.column)) : [];
  return html`<div class="flow" role="group" aria-label=${t("Where clients are")}>
    ${shown.map((column) => {
      const n = board ? (board.counts[column] ?? 0) : "–"; // nothing is known before the first answer
      return html`<span key=${column} class=${n > 0 ? "one" : "one zero"}><${Icon} name=${COLUMNS[column][0]} /><b>${n}</b> ${columnName(column)}</span>`;
    })}
    ${gone.length > 0 && html`<button type="button" class="one" aria-expanded=${open} onClick=${() => show(!open)}><${Icon} name="x" /><b>${gone.length}</b> ${t("Not coming")}</button>`}
    ${open && html`<ul class="gone">${gone.map((row) => html`<li key=${row.id}><button type="button" class="b bare s" onClick=${() => (show(false), choose(row.id))}>${clock(row.starts_at, zone)} ${shownName(row.client_name)} · ${sessionName(row)} · ${columnName(row.column)}</button></li>`)}</ul>`}
    ${poll.problem && html`<span class="chip med">${words(poll.problem)}</span>`}
    ${poll.waiting && html`<button type="button" class="b s" onClick=${poll.release}>${t("There is something newer: show it")}</button>`}
    <span class="ends"><${NamesSwitch} />
      <button type="button" class="b bare s" onClick=${() => window.print()}><${Icon} name="print" />${t("Print")} <kbd>p</kbd></button></span>
  </div>`;
}

function Middle({ address, board, poll, day, today, here, at, names, choose, toDay, onBook, onDrop, onCarry }) {
  const zone = here.time_zone;
  if (address.view === "week") return html`<${Week} day=${day} location=${here.id} names=${names} zone=${zone} onDay=${(next) => toDay(next)} />`;
  if (!board) return poll.problem ? html`<div class="failed"><p>${words(poll.problem)}</p><button type="button" class="b go" onClick=${poll.again}>${t("Try again")}</button></div>` : html`<div class="skels"></div>`;
  if (address.view === "board") return html`<${Board} board=${board} names=${names} chosen=${address.session} at=${at} zone=${zone} onChoose=${choose} />`;
  const opening = openingOf(here, day);
  const columns = columnsOf(board, address.by, names);
  if (!columns.length) return html`<p class="quiet empty-day">${t("Nobody is booked on this day.")}</p>`;
  return html`<${Grid} board=${board} columns=${columns} names=${names} chosen=${address.session} opening=${opening} at=${at} today=${day === today} zone=${zone} onChoose=${choose} onBook=${address.by === "rooms" ? onBook : null} onDrop=${onDrop} onCarry=${onCarry} />`;
}

begin(() => html`<${Desk} />`);
