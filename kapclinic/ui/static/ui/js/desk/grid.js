// The day by rooms or by staff: sessions at their time, turnover under them, a line for now.
import { Icon, html, useRef } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, lasting, minuteOfDay } from "../core/time.js";
import { Course, courseOf } from "../signs/course.js";
import { useDrag } from "./drag.js";
import { hoursShown, lanes, line, minutes, notThere } from "./layout.js";
import { shownName } from "./parts/privacy.js";
import { COLUMNS, columnName, firstNames, GONE, heldBack, sessionName, THERE } from "./words.js";

const VIDEO = "video";
const SEATED = ["nurse_practitioner", "therapist", "prescriber"]; // whoever sits in a session: a column without one says nothing

/**
 * [{id, name, icon, rows}] of the columns shown, in the order of the house.
 * @param {Api["BoardOut"]} board @param {string} by @param {any} names
 */
export function columnsOf(board, by, names) {
  const rows = board.sessions.filter((row) => !GONE.includes(row.column));
  if (by === "staff") {
    /** @type {Map<string, any>} */
    const people = new Map(board.staff.map((one) => [one.id, { ...one, rows: [] }]));
    for (const row of rows) for (const one of row.staff) {
      if (!people.has(one.user)) people.set(one.user, { id: one.user, name: names.staff.get(one.user)?.name ?? "…", hours: [], off: [], rows: [] });
      people.get(one.user).rows.push(row);
    }
    const seated = (one) => one.rows.length || names.staff.get(one.id)?.roles.some((role) => SEATED.includes(role));
    return [...people.values()].filter(seated).sort((a, b) => a.name.localeCompare(b.name));
  }
  const video = rows.filter((row) => row.room === null);
  const rooms = board.rooms.map((room) => ({ id: room.id, name: room.name, turnover: room.turnover_min, kinds: room.kinds, rows: rows.filter((row) => row.room === room.id) }));
  return video.length ? [...rooms, { id: VIDEO, name: t("Video"), icon: "video", rows: video }] : rooms;
}

export function Grid({ board, columns, names, chosen, opening, at, today, zone, onChoose, onBook, onDrop, onCarry }) {
  const [first, last] = hoursShown(opening, board.sessions, zone);
  const hours = Array.from({ length: (last - first) / 60 }, (_, i) => first / 60 + i);
  const shares = columns.map((column) => Math.max(1, ...[...lanes(column.rows, zone).values()].map((one) => one.lanes))); // who has many at once needs the room
  const style = { "--tracks": shares.map((share) => `minmax(0,${share}fr)`).join(" "), "--shares": shares.reduce((a, b) => a + b, 0), "--quarters": (last - first) / 15 };
  const box = useRef(null);
  const drag = useDrag(box, { columns, first, fits: (row, from, to) => fits(row, from, to, names), onDrop, onCarry });
  return html`<div class="heads" style=${style}><span></span>
      ${columns.map((column) => html`<b key=${column.id}><span>${column.icon && html`<${Icon} name=${column.icon} />`} ${column.name}</span>
        ${onBook && html`<button type="button" class="b bare s" onClick=${() => onBook(column)} aria-label=${t("Book in {column}", { column: column.name })}><${Icon} name="plus" /></button>`}</b>`)}
    </div>
    <div class="grid" ref=${box} style=${style} onClickCapture=${drag.swallow} tabindex=${columns.some((column) => column.rows.length) ? undefined : 0} role="group" aria-label=${t("Sessions of the day")}>
      ${hours.map((hour) => html`<span class="hr" key=${`h${hour}`} aria-hidden="true" style=${{ "--r": line(hour * 60, first) }}>${hour}<sup>00</sup></span>
        <i class="hl" style=${{ "--r": line(hour * 60, first) }}></i>`)}
      ${columns.map((_, index) => html`<i class="col" key=${`c${index}`} style=${{ "--c": index + 2 }}></i>`)}
      ${opening && html`<${Closed} opening=${opening} first=${first} last=${last} />`}
      ${columns.map((column, index) => column.hours && html`<${Away} key=${`a${column.id}`} column=${column} index=${index} day=${board.date} first=${first} last=${last} zone=${zone} />`)}
      ${columns.map((column, index) => html`<${Column} key=${column.id} column=${column} index=${index} first=${first} names=${names} chosen=${chosen} at=${at} zone=${zone} onChoose=${onChoose} take=${drag.take} carried=${drag.carried?.row.id} />`)}
      ${drag.carried && html`<${Carried} carried=${drag.carried} first=${first} />`}
      ${today && minuteOfDay(at, zone) >= first && minuteOfDay(at, zone) < last && html`<i class="nowline" style=${{ "--min": minuteOfDay(at, zone) - first }}><span>${clock(at, zone)}</span></i>`}
    </div>`;
}

/** What lies outside the opening hours is hatched. */
function Closed({ opening, first, last }) {
  const [from, to] = opening;
  return html`${from > first && html`<i class="shut" style=${{ "--r0": 1, "--r1": line(from, first) }}></i>`}
    ${to < last && html`<i class="shut" style=${{ "--r0": line(to, first), "--r1": line(last, first) }}></i>`}`;
}

/** When somebody does not work, or is away, is hatched in their column. */
function Away({ column, index, day, first, last, zone }) {
  return notThere(column, day, first, last, zone).map(([from, to]) => html`<i key=${from} class="shut one" style=${{ "--c": index + 2, "--r0": line(from, first), "--r1": line(to, first) }} title=${t("{name} does not work here now", { name: column.name })}></i>`);
}

/** May a session of one column go into another: a room for its kind, somebody who holds the same role? */
function fits(row, from, to, names) {
  if (to === from) return true;
  if (to.kinds) return row.modality !== "video" && to.kinds.includes(row.kind);
  const seat = row.staff.find((one) => one.user === from.id);
  return !!seat && !row.staff.some((one) => one.user === to.id) && (names.staff.get(to.id)?.roles.includes(seat.role) ?? false);
}

/** Where the session that is carried would lie. */
function Carried({ carried, first }) {
  const two = (n) => String(n).padStart(2, "0");
  const time = `${two(Math.floor(carried.start / 60))}:${two(carried.start % 60)}`;
  const style = { "--c": carried.column + 2, "--r0": line(carried.start, first), "--r1": line(carried.end, first) };
  return html`<div class=${carried.fits ? "empty carry" : "empty carry no"} style=${style}><span>${carried.name}, ${time}</span>${!carried.fits && html`<span>${t("Not here")}</span>`}</div>`;
}

function Column({ column, index, first, names, chosen, at, zone, onChoose, take, carried }) {
  const side = lanes(column.rows, zone);
  return column.rows.map((row) => {
    const [start, end] = minutes(row, zone);
    const cell = { "--c": index + 2, "--r0": line(start, first), "--r1": line(end, first), "--lane": side.get(row.id).lane, "--lanes": side.get(row.id).lanes };
    const turn = column.turnover ? { "--c": index + 2, "--r0": line(end, first), "--r1": line(end + column.turnover, first) } : null;
    return html`<${Card} key=${row.id} row=${row} at=${at} style=${cell} names=${names} current=${row.id === chosen} short=${end - start < 45} tall=${end - start > 60} zone=${zone} onChoose=${onChoose} lifted=${carried === row.id} onTake=${(event) => take(event, row, index, [start, end])} />
      ${turn && !["done"].includes(row.column) && html`<i class="turn" style=${turn} title=${t("Turnover, {n} min", { n: column.turnover })}></i>`}`;
  });
}

function Card({ row, style, names, current, short, tall, at, zone, onChoose, lifted, onTake }) {
  const [icon] = COLUMNS[row.column] ?? ["cal"];
  const where = row.column === "booked" ? "" : columnName(row.column);
  const since = THERE.includes(row.column) && row.since ? ` ${lasting(at - Date.parse(row.since))}` : "";
  const toConfirm = row.column === "booked" && row.source === "scheduler" && !row.client_confirmed_at;
  const status = where && html`<span class="st"><${Icon} name=${icon} />${where}${since}</span>`;
  return html`<button type="button" class="ev k-${row.kind} ${tall ? "tall" : short ? "short" : ""} ${row.column === "done" ? "done" : ""} ${lifted ? "lifted" : ""}" onPointerDown=${onTake} style=${style} aria-current=${current ? "true" : undefined} onClick=${() => onChoose(row.id)}>
    <span class="l1"><b class="cut">${shownName(row.client_name)}</b>${short && status}</span>
    <span class="l2 cut">${row.modality === "video" && html`<${Icon} name="video" />`}${sessionName(row)}${firstNames(row, names.staff) && ` · ${firstNames(row, names.staff)}`}</span>
    ${(tall || !(short || status || toConfirm)) && html`<span class="l3">${clock(row.starts_at, zone)}–${clock(row.ends_at, zone)}</span>`}
    ${!short && status}
    ${!short && row.kind === "dosing" && row.progress && html`<span class="l4"><${Course} progress=${courseOf(row.progress)} /></span>`}
    ${heldBack(row).slice(0, 1).map((one) => html`<span class="chip high-soft" key=${one.code}><${Icon} name=${one.icon} />${one.word}</span>`)}
    ${toConfirm && html`<span class="chip low"><${Icon} name="phone" />${t("Confirm with client")}</span>`}
  </button>`;
}
