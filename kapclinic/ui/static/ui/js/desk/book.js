// Booking: who and what on the left, the next free times in the middle, the hold and its button on the right.
import { call, get, newKey } from "../core/api.js";
import { announce } from "../core/announce.js";
import { Dialog } from "../core/dialog.js";
import { html, useEffect, useMemo, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { addDays, clock, countdown, dayIn, dayShort } from "../core/time.js";
import { useNow } from "../frame/net.js";
import { Refused } from "./refused.js";
import { Who } from "./who.js";
import { startOf } from "./said.js";
import { firstNames, kindName } from "./words.js";

const COUNT = 100;
const APART = 45 * 60000;
const WARN = 60000;
const SPAN = 14;
const DAYS = 5;

/** @param {{here: object, names: object, zone: string, at: number, obligation?: object, column?: object, start?: object, open?: (dialog: object) => void, onDone: () => void, onClose: () => void}} props */
export function Book({ here, names, zone, at, obligation, column, start, open, onDone, onClose }) {
  const [wish, setWish] = useState(() => ({ ...firstWish(obligation, column, at, zone), ...start }));
  const [hold, setHold] = useState(null); // {slot, row} or {slot, waiting: true}
  const [problem, setProblem] = useState(null);
  const free = useFree(wish);
  const held = useRef(null);
  held.current = hold?.row ?? null;

  const release = async () => {
    const row = held.current;
    held.current = null;
    if (row) await call("DELETE", `session-holds/${row.id}/`, { key: newKey() }).catch(() => {}); // it ends by itself
  };
  const change = (values) => {
    release();
    setHold(null);
    setProblem(null);
    setWish({ ...wish, ...values });
  };

  async function choose(slot) {
    await release();
    setProblem(null);
    setHold({ slot, waiting: true });
    try {
      const { data } = await call("POST", "session-holds/", { body: asked(wish, slot), key: newKey() });
      setHold({ slot, row: data });
    } catch (found) {
      setHold(null);
      setProblem(found);
      free.strike(slot);
    }
  }

  async function close() {
    await release();
    onClose();
  }
  const booked = (row) => {
    held.current = null;
    announce(t("Booked: {when}", { when: `${dayShort(dayIn(row.starts_at, zone))} ${clock(row.starts_at, zone)}` }));
    onDone();
  };
  return html`<${Dialog} title=${t("Book a session")} onClose=${close} wide>
    <div class="dg">
      <${Who} wish=${wish} change=${change} names=${names} zone=${zone} location=${here.id} open=${open} />
      <${Free} free=${free} wish=${wish} hold=${hold} names=${names} zone=${zone} problem=${problem} onChoose=${choose} onLater=${(day) => change({ from: day, to: addDays(day, SPAN) })} onWait=${open && (() => (release(), open({ kind: "wait", client: wish.client, wanted: wish.kind })))} />
      <${Hold} hold=${hold} wish=${wish} names=${names} zone=${zone} obligation=${wish.obligation} onBooked=${booked} onLost=${(found) => (setHold(null), setProblem(found), free.again())} setHold=${setHold} />
    </div>
  <//>`;
}

function firstWish(obligation, column, at, zone) {
  const today = dayIn(at, zone);
  const wish = { client: null, program: null, kind: null, from: today, to: addDays(today, SPAN), part: "", staff: "", room: column?.id && column.id !== "video" ? column.id : "", obligation: null };
  if (!obligation) return wish;
  const opens = dayIn(Math.max(at, Date.parse(obligation.window_start)), zone);
  const client = { id: obligation.client, name: obligation.client_name, mrn: obligation.client_mrn };
  return { ...wish, client, program: obligation.program, kind: "integration", obligation: obligation.id, from: opens, to: dayIn(obligation.window_end, zone), window: obligation };
}

function asked(wish, slot) {
  const { starts_at, ends_at, modality, room, staff } = slot;
  return { program: wish.program, kind: wish.kind, modality, starts_at, ends_at, room, staff: staff.map(({ user, role }) => ({ user, role })) };
}

/** The next free times of a wish, those struck that were taken while they were looked at. */
function useFree(wish) {
  const [state, set] = useState({ slots: null, problem: null, struck: [] });
  const [turn, again] = useState(0);
  const query = {
    program: wish.program,
    kind: wish.kind,
    from: wish.from,
    to: wish.to,
    part_of_day: wish.part || undefined,
    staff: wish.staff || undefined,
    room: wish.room || undefined,
    count: COUNT,
  };
  useEffect(() => {
    let over = false;
    if (!wish.program || !wish.kind) {
      set({ slots: null, problem: null, struck: [] });
      return undefined;
    }
    get("availability/next/", query)
      .then(({ results }) => !over && set((old) => ({ slots: results, problem: null, struck: turn ? old.struck : [] })))
      .catch((problem) => !over && set((old) => ({ ...old, slots: null, problem })));
    return () => {
      over = true;
    };
  }, [JSON.stringify(query), turn]);
  const strike = (slot) => {
    set((old) => ({ ...old, struck: [...old.struck, slot] }));
    again((n) => n + 1);
  };
  return { ...state, strike, again: () => again((n) => n + 1) };
}

function Free({ free, wish, hold, names, zone, problem, onChoose, onLater, onWait }) {
  const slots = [...(free.slots ?? []), ...free.struck.map((slot) => ({ ...slot, taken: true }))].sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  const { days, later } = byDay(slots, free.slots?.length === COUNT, wish, zone);
  const count = days.flatMap(([, rows]) => shown(rows, hold)).filter((slot) => !slot.taken).length;
  return html`<section class="free" aria-label=${t("Next free times")}>
    <div class="row"><h2 class="grow">${t("Next free times")}</h2>
      <span class="small quiet">${free.slots && many(count, "{n} shown, with room and staff", "{n} shown, each with room and staff")}</span></div>
    ${wish.window && html`<p class="small">${t("The window: {from} – {until}", { from: startOf({ starts_at: wish.window.window_start }, zone), until: startOf({ starts_at: wish.window.window_end }, zone) })}</p>`}
    ${problem && html`<${Refused} problem=${problem} names=${names} zone=${zone} onPick=${(_, slot) => onChoose(slot)} />`}
    ${free.problem && html`<p class="note high" role="alert">${words(free.problem)}</p>`}
    ${!(wish.program && wish.kind) && html`<p class="quiet">${t("Choose who it is for, and what.")}</p>`}
    ${free.slots && !slots.length && html`<p class="quiet">${t("Nothing is free in these days. Look later, or at another time of day.")}</p>`}
    <div class="cols">
      ${days.map(([day, rows]) => html`<div class="dcol" key=${day}>
        <h3>${dayShort(day)}</h3>
        ${shown(rows, hold).map((slot) => html`<${Time} key=${slot.starts_at + (slot.room ?? "")} slot=${slot} chosen=${hold && same(hold.slot, slot)} names=${names} zone=${zone} onChoose=${onChoose} late=${isLate(wish, slot)} />`)}
      </div>`)}
    </div>
    ${wish.program && wish.kind && !wish.obligation && html`<p class="row wrap"><button type="button" class="b bare s" onClick=${() => onLater(later)}>${t("Later times")}</button>
      ${onWait && html`<button type="button" class="b bare s" onClick=${onWait}>${t("Add to the waitlist")}</button>`}</p>`}
  </section>`;
}

/** [[day, times], …] of the first days, and the day at which later ones begin. A day that the answer ends in is not whole. */
function byDay(slots, full, wish, zone) {
  const found = new Map();
  for (const slot of slots) {
    const day = dayIn(slot.starts_at, zone);
    found.set(day, [...(found.get(day) ?? []), slot]);
  }
  const all = [...found];
  const days = all.slice(0, full && all.length > 1 ? Math.min(DAYS, all.length - 1) : DAYS);
  return { days, later: all[days.length]?.[0] ?? addDays(full ? days[0][0] : wish.to, 1) };
}

/** A day has many times: those that lie well apart, and whatever was struck or is held. */
function shown(rows, hold) {
  let last = -Infinity;
  return rows.filter((slot) => {
    const keep = slot.taken || (hold && same(hold.slot, slot)) || Date.parse(slot.starts_at) - last >= APART;
    if (keep) last = Date.parse(slot.starts_at);
    return keep;
  });
}

function same(a, b) {
  return a.starts_at === b.starts_at && a.room === b.room;
}

/** Does an integration that is owed begin there only after its window? */
function isLate(wish, slot) {
  return !!wish.window && Date.parse(slot.starts_at) >= Date.parse(wish.window.window_end);
}

function Time({ slot, chosen, names, zone, onChoose, late }) {
  const where = [names.rooms.get(slot.room)?.name ?? t("Video"), firstNames(slot, names.staff)].filter(Boolean).join(" · ");
  if (slot.taken) return html`<span class="t taken">${clock(slot.starts_at, zone)}<small>${t("just taken")}</small></span>`;
  return html`<button type="button" class="t" aria-pressed=${!!chosen} onClick=${() => onChoose(slot)}>${clock(slot.starts_at, zone)}<small>${where}</small>${late && html`<small>${t("after the window")}</small>`}</button>`;
}

/** The right side: what is held for how long, and the one button that books it. */
function Hold({ hold, wish, names, zone, onBooked, onLost, setHold }) {
  const [state, set] = useState({ busy: false, problem: null });
  const key = useMemo(newKey, [hold?.row?.id]);
  const button = useRef(null);
  const at = useNow(1000);
  const left = hold?.row ? Date.parse(hold.row.expires_at) - at : 0;
  useEffect(() => {
    if (hold?.row) button.current?.focus();
    set({ busy: false, problem: null });
  }, [hold?.row?.id]);
  useEffect(() => {
    if (hold?.row && left <= WARN && left > WARN - 1100) announce(t("The time is held for one more minute."));
  }, [left]);
  if (!hold) return html`<section class="hold"><p class="quiet">${t("A time that you choose is held for you while you speak with the client.")}</p></section>`;
  if (hold.waiting) return html`<section class="hold"><p class="quiet">${t("Holding…")}</p></section>`;
  async function book() {
    set({ busy: true, problem: null });
    try {
      const body = { ...asked(wish, hold.slot), hold: hold.row.id, ...(wish.obligation ? { obligation: wish.obligation } : {}) };
      const { data } = await call("POST", "sessions/", { body, key });
      onBooked(data);
    } catch (problem) {
      if (problem.status === 409 && problem.extra?.conflicts) onLost(problem);
      else set({ busy: false, problem });
    }
  }
  async function extend() {
    try {
      const { data } = await call("POST", `session-holds/${hold.row.id}/extend/`, { body: {}, key: newKey() });
      setHold({ ...hold, row: data, extended: true });
    } catch (problem) {
      set({ busy: false, problem });
    }
  }
  return html`<section class="hold" aria-label=${t("Held for you")}>
    <div class="row"><h2 class="grow">${dayShort(dayIn(hold.slot.starts_at, zone))}, ${clock(hold.slot.starts_at, zone)}–${clock(hold.slot.ends_at, zone)}</h2></div>
    <p class="held"><${Ring} left=${left} /> ${left > 0 ? html`${t("Held for you")} <b role="timer">${countdown(left)}</b>` : t("No longer held: it is booked only if nobody else takes it.")}
      ${left > 0 && left < 2 * WARN && !hold.extended && html`<button type="button" class="b s" onClick=${extend}>${t("5 minutes more")}</button>`}</p>
    <dl class="dl">
      <dt>${t("Room")}</dt><dd>${names.rooms.get(hold.slot.room)?.name ?? t("Video")}</dd>
      <dt>${t("Staff")}</dt><dd>${hold.slot.staff.map((one) => names.staff.get(one.user)?.name).filter(Boolean).join(", ")}</dd>
      <dt>${t("Client")}</dt><dd>${wish.client.name}</dd>
    </dl>
    ${isLate(wish, hold.slot) && html`<p class="note med" role="status">${t("This begins after the window has closed: the integration will count as late.")}</p>`}
    ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
    <div class="foot"><button type="button" class="b go big2" ref=${button} disabled=${state.busy || undefined} onClick=${book}>${state.busy ? t("Saving…") : t("Book {what}", { what: kindName(wish.kind).toLowerCase() })} <kbd>Enter</kbd></button></div>
  </section>`;
}

const WHOLE = 5 * 60000;

function Ring({ left }) {
  const part = Math.max(0, Math.min(1, left / WHOLE));
  return html`<svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="8" /><path pathLength="1" stroke-dasharray=${`${part} 1`} d="M10 2a8 8 0 1 1 0 16a8 8 0 1 1 0-16" /></svg>`;
}

