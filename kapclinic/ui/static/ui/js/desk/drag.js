// Moving by hand on the day grid: a session is taken, carried in steps of a quarter of an hour, and let go. Nothing is
// written by that: the move dialog opens with the place it was carried to. Esc, or letting go where it came from, is nothing.
import { useEffect, useRef, useState } from "../core/h.js";

const FAR = 6; // px a mouse goes before a press is a drag
const LONG = 350; // ms a finger rests before it takes a session rather than scrolls
const EDGE = 40; // px from the grid's edge at which it scrolls along
const QUARTER = 15;

/** [ends of the tracks] in px of a grid, from its first edge. */
function edges(grid, name) {
  let at = 0;
  return getComputedStyle(grid)[name].split(" ").map((size) => (at += parseFloat(size)));
}

/** The cell under a point: the column (0 is the first of the day) and the quarter of an hour. */
function cellAt(grid, x, y) {
  const box = grid.getBoundingClientRect();
  const [across, down] = [edges(grid, "gridTemplateColumns"), edges(grid, "gridTemplateRows")];
  const inline = getComputedStyle(grid).direction === "rtl" ? box.right - x : x - box.left;
  const column = across.findIndex((end) => inline + grid.scrollLeft < end);
  const row = (y - box.top + grid.scrollTop) / down[0];
  return { column: Math.max(0, (column < 0 ? across.length - 1 : column) - 1), quarter: row, rows: down.length };
}

/**
 * @param {{current: Element}} grid the element of the day grid
 * @param {{columns: object[], first: number, fits: (row: object, from: object, to: object) => boolean, onDrop: (drop: object) => void, onCarry: (carried: boolean) => void}} day
 * @returns {{carried: object | null, take: (event: PointerEvent, row: object, column: number, span: number[]) => void, swallow: (event: Event) => void}}
 */
export function useDrag(grid, day) {
  const [carried, set] = useState(null);
  const hand = useRef(null); // what is pressed or carried, in the moment
  const latest = useRef(day);
  latest.current = day;
  const swallowed = useRef(false);

  function stop() {
    const held = hand.current;
    hand.current = null;
    if (!held) return;
    clearTimeout(held.timer);
    held.off();
    if (held.begun) latest.current.onCarry(false);
    set(null);
  }
  useEffect(() => stop, []);

  function begin(held) {
    held.begun = true;
    swallowed.current = true; // the press that carried a session does not choose it
    latest.current.onCarry(true);
    place(held);
  }

  function place(held) {
    const { columns, first, fits } = latest.current;
    const cell = cellAt(grid.current, held.x, held.y);
    const lasts = (held.span[1] - held.span[0]) / QUARTER;
    const quarter = Math.max(0, Math.min(cell.rows - lasts, Math.round(cell.quarter - held.grip)));
    const to = columns[Math.min(cell.column, columns.length - 1)];
    held.to = { column: columns.indexOf(to), start: first + quarter * QUARTER, end: first + (quarter + lasts) * QUARTER };
    held.fits = fits(held.row, columns[held.from], to);
    set({ row: held.row, ...held.to, name: to.name, fits: held.fits });
  }

  function drop(held) {
    const moved = held.to.column !== held.from || held.to.start !== held.span[0];
    const { columns, onDrop } = latest.current;
    stop();
    setTimeout(() => {
      swallowed.current = false;
    }, 50);
    if (moved && held.fits) onDrop({ row: held.row, start: held.to.start, from: columns[held.from], to: columns[held.to.column] });
  }

  function take(event, row, from, span) {
    if (event.button !== 0 || hand.current || !row.allowed_moves.includes("reschedule")) return;
    swallowed.current = false;
    const cell = cellAt(grid.current, event.clientX, event.clientY);
    const grip = cell.quarter - (span[0] - latest.current.first) / QUARTER;
    const held = { row, from, span, grip, x: event.clientX, y: event.clientY, id: event.pointerId, begun: false };
    const touch = event.pointerType !== "mouse";
    const start = { x: held.x, y: held.y };
    hand.current = held;
    held.off = listen(held, {
      move(next) {
        Object.assign(held, { x: next.clientX, y: next.clientY });
        const far = Math.hypot(held.x - start.x, held.y - start.y) > FAR;
        if (held.begun) {
          scrollAlong(grid.current, held.y);
          place(held);
        } else if (far && touch) stop(); // it scrolls
        else if (far) begin(held);
      },
      up: () => (held.begun ? drop(held) : stop()),
      stop,
    });
    if (touch) held.timer = setTimeout(() => hand.current === held && begin(held), LONG);
  }
  const swallow = (event) => {
    if (!swallowed.current) return;
    swallowed.current = false;
    event.preventDefault();
    event.stopPropagation();
  };
  return { carried, take, swallow };
}

/** Hear the pointer, wherever it goes, and Esc before the page does; returns how to stop hearing. */
function listen(held, { move, up, stop }) {
  const mine = (act) => (event) => event.pointerId === held.id && act(event);
  const escape = (event) => {
    if (event.key !== "Escape" || !held.begun) return;
    event.preventDefault();
    event.stopPropagation();
    stop();
  };
  const still = (event) => held.begun && event.preventDefault(); // a finger that carries does not scroll
  const heard = [
    [document, "pointermove", mine(move)],
    [document, "pointerup", mine(up)],
    [document, "pointercancel", mine(stop)],
    [document, "keydown", escape, true],
    [document, "touchmove", still, { passive: false }],
    [document, "contextmenu", still],
  ];
  for (const [where, name, act, how] of heard) where.addEventListener(name, act, how);
  return () => {
    for (const [where, name, act, how] of heard) where.removeEventListener(name, act, how);
  };
}

function scrollAlong(grid, y) {
  const box = grid.getBoundingClientRect();
  if (y < box.top + EDGE) grid.scrollTop -= 12;
  if (y > box.bottom - EDGE) grid.scrollTop += 12;
}
