// The chosen session: where it is, where else it may go, and what that does. A booked one moves by the desk's own dialog.
import { get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";
import { words } from "../core/problem.js";
import { clock, dayIn, instant, now } from "../core/time.js";
import { WindowBar } from "../signs/window.js";
import { Effects } from "./effects.js";
import { keyOf, windowOf } from "./rows.js";
import { rowName, stateName, when, whereAndWho } from "./words.js";

const NEAR = 6;
const COUNT = 60;
const APART = 30 * 60000;

/** @param {{item: object, plan: object, course: object, place: object, names: object, items: object[], onMove: (place: object) => void, onPutBack: () => void, onMend: (row: object, remedy: object) => void, onBooked: (remedy: object) => void, onClose: () => void}} props */
export function Proposed({ item, plan, course, place, names, items, onMove, onPutBack, onMend, onBooked, onClose }) {
  const zone = place.time_zone;
  const was = plan.was.get(item.key);
  const moved = plan.changed.has(item.key);
  const owed = owedFor(item, items, course);
  const form = html`<${Form} key=${`${item.key} ${item.starts_at} ${item.room}`} item=${item} names=${names} zone=${zone} program=${course.program.id} owed=${owed} onMove=${onMove} />`;
  const brings = html`<div class="stack" key="brings"><${Follows} item=${item} plan=${plan} zone=${zone} />
    <${Effects} rows=${[item]} plan=${plan} zone=${zone} onMend=${onMend} onBooked=${onBooked} /></div>`;
  return html`<div class="row"><h2 class="grow">${moved ? t("If {what} moves", { what: rowName(item).toLowerCase() }) : rowName(item)}</h2>
      ${moved && html`<button type="button" class="b bare s" onClick=${onPutBack}><${Icon} name="x" />${t("Put back")}</button>`}
      ${!moved && html`<button type="button" class="b bare s" onClick=${onClose}>${t("Close")} <kbd>Esc</kbd></button>`}</div>
    ${moved ? html`<p class="mv"><span>${when(was.starts_at, zone)}</span><${Icon} name="arrow" /><b>${when(item.starts_at, zone)}</b></p>` : html`<p class="mv"><b>${when(item.starts_at, zone)}–${clock(item.ends_at, zone)}</b></p>`}
    <p class="small quiet">${whereAndWho(item, names)} · ${stateName(item)}</p>
    <${Window} row=${owed} booked=${item.starts_at} zone=${zone} />
    ${moved ? [brings, form] : [form, brings]}`;
}

/** The integration of a dose that went with it. */
function Follows({ item, plan, zone }) {
  const row = item.kind === "dosing" && plan.rows.find((one) => one.kind === "integration" && one.number === item.number && plan.changed.has(keyOf(one)));
  if (!row) return null;
  return html`<ul class="effs"><li><${Icon} name="leaf" /><div><span class="tiny up">${t("moves")}</span><h3>${t("{what} moves with it", { what: rowName(row) })}</h3>
    <p class="small">${when(plan.was.get(keyOf(row)).starts_at, zone)} → ${when(row.starts_at, zone)}</p></div></li></ul>`;
}

/** Of an integration: what its dose owes or will owe, as an obligation has it; else null. */
function owedFor(item, items, course) {
  if (item.kind !== "integration" || !course.protocol.integration) return null;
  const dose = items.find((one) => one.kind === "dosing" && one.state !== "old" && (item.for_dose ? one.id === item.for_dose : one.number === item.number));
  if (!dose) return null;
  const [opens, closes] = windowOf(dose, course.protocol.integration);
  const known = course.owed.find((row) => row.dosing_session === dose.id);
  return known ?? { dosed_at: dose.starts_at, window_start: new Date(opens).toISOString(), window_end: new Date(closes).toISOString() };
}

function Window({ row, booked, zone }) {
  if (!row) return null;
  return html`<div><${WindowBar} row=${row} at=${row.id && now()} booked=${booked} />
    <p class="small quiet">${t("Window: {from} to {to}", { from: when(row.window_start, zone), to: when(row.window_end, zone) })}</p></div>`;
}

/** Another day, time or room. It is tried out at once, and nothing is booked by it. */
function Form({ item, names, zone, program, owed, onMove }) {
  const [wish, set] = useState({ day: dayIn(item.starts_at, zone), time: clock(item.starts_at, zone), room: item.room ?? "" });
  const change = (name) => (event) => set({ ...wish, [name]: event.target.value });
  const same = wish.day === dayIn(item.starts_at, zone) && wish.time === clock(item.starts_at, zone) && wish.room === (item.room ?? "");
  const rooms = [...names.rooms.values()].filter((room) => room.is_active && room.kinds.includes(item.kind));
  const move = (event) => {
    event.preventDefault();
    if (!same) onMove({ starts_at: new Date(instant(wish.day, wish.time, zone)).toISOString(), room: wish.room || null });
  };
  return html`<form class="mvf" onSubmit=${move}>
    <h3 class="row">${t("Move it")} <kbd>m</kbd></h3>
    <div class="f"><label for="to-day">${t("Day")}</label><input id="to-day" type="date" required value=${wish.day} onInput=${change("day")} /></div>
    <div class="two">
      <div class="f"><label for="to-time">${t("Start")}</label><input id="to-time" type="time" step="300" required value=${wish.time} onInput=${change("time")} /></div>
      ${item.modality !== "video" && html`<div class="f"><label for="to-room">${t("Room")}</label><select id="to-room" value=${wish.room} onChange=${change("room")}>${rooms.map((room) => html`<option key=${room.id} value=${room.id}>${room.name}</option>`)}</select></div>`}
    </div>
    <${Free} item=${item} day=${wish.day} names=${names} zone=${zone} program=${program} owed=${owed} onPick=${onMove} />
    <button class="b" aria-disabled=${same ? "true" : undefined}>${t("Try it there")}</button>
    ${same && html`<p class="small faint">${t("Choose another day, time or room first.")}</p>`}
  </form>`;
}

/** Times that are free on a day, with room and staff; of an integration those in its window. */
function Free({ item, day, names, zone, program, owed, onPick }) {
  const [state, set] = useState({ slots: null, problem: null });
  useEffect(() => {
    if (!day) return undefined;
    let over = false;
    const query = { program, kind: item.kind, modality: item.modality, from: day, to: day, count: COUNT };
    const timer = setTimeout(
      () => get("availability/next/", query).then(
        ({ results }) => !over && set({ slots: results, problem: null }),
        (problem) => !over && set({ slots: null, problem }),
      ),
      150,
    );
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [keyOf(item), day]);
  if (state.problem) return html`<p class="note med">${words(state.problem)}</p>`;
  if (!state.slots) return null;
  const inside = (slot) => !owed || (Date.parse(slot.starts_at) >= Date.parse(owed.window_start) && Date.parse(slot.starts_at) < Date.parse(owed.window_end));
  const apart = spread(state.slots.filter(inside));
  if (!apart.length) return html`<p class="small quiet">${t("Nothing is free on this day.")}</p>`;
  return html`<div class="f"><span class="label" id="free">${t("Free on this day")}</span><div class="frees" role="group" aria-labelledby="free">
    ${apart.map((slot) => html`<button type="button" class="b s" key=${slot.starts_at} title=${whereAndWho(slot, names)} onClick=${() => onPick(slot)}>${clock(slot.starts_at, zone)}<span class="vh"> ${whereAndWho(slot, names)}</span></button>`)}
  </div></div>`;
}

/** A day has many free times: a few of them, over the whole day. */
function spread(slots) {
  let last = -Infinity;
  const apart = slots.filter((slot) => {
    const keep = Date.parse(slot.starts_at) - last >= APART;
    if (keep) last = Date.parse(slot.starts_at);
    return keep;
  });
  const step = Math.max(1, Math.ceil(apart.length / NEAR));
  return apart.filter((_, i) => i % step === 0);
}

/** The desk's day of a booked session, for whoever has a desk. */
export function ItsDay({ item, zone }) {
  return has("front_desk", "medical_director") && html`<a class="b" href=${`/desk/schedule?day=${dayIn(item.starts_at, zone)}&session=${item.id}`}>${t("Show its day")}</a>`;
}

/** One of the book. */
export function Booked({ item, course, place, names, items, onMove, onClose }) {
  const zone = place.time_zone;
  const may = item.allowed_moves.includes("reschedule");
  return html`<div class="row"><h2 class="grow">${rowName(item)}</h2>
      <button type="button" class="b bare s" onClick=${onClose}>${t("Close")} <kbd>Esc</kbd></button></div>
    <p class="mv"><b>${when(item.starts_at, zone)}–${clock(item.ends_at, zone)}</b></p>
    <p class="small quiet">${whereAndWho(item, names)} · ${stateName(item)}</p>
    <${Window} row=${owedFor(item, items, course)} booked=${item.starts_at} zone=${zone} />
    <div class="row wrap">
      ${may && html`<button type="button" class="b" onClick=${onMove}><${Icon} name="move" />${t("Move")} <kbd>m</kbd></button>`}
      <${ItsDay} item=${item} zone=${zone} />
    </div>
    ${!may && html`<p class="small quiet">${t("It can not be moved any more.")}</p>`}`;
}
