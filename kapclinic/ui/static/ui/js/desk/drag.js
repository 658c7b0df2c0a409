// Moving by hand on the day grid: a session is taken, carried in steps of a quarter of an hour, and let go. Nothing is
// written by that: the move dialog opens with the place it was carried to. Esc, or letting go where it came from, is nothing.
import { useEffect, useMemo, useState } from "../core/h.js";

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

/** What a hand holds, from the press to the letting go. */
class Hand {
  /** @type {any} the columns, the first minute, and what is called: set anew with each drawing */
  day = null;
  held = null; // {row, from, span, grip, x, y, begun, to, fits}
  swallows = false; // the press that carried a session does not choose it

  /** @param {(carried: object | null) => void} show */
  constructor(grid, show) {
    this.grid = grid;
    this.show = show;
  }

  take(event, row, from, span) {
    if (event.button !== 0 || this.held || !row.allowed_moves.includes("reschedule")) return;
    this.swallows = false;
    const grip = cellAt(this.grid.current, event.clientX, event.clientY).quarter - (span[0] - this.day.first) / QUARTER;
    const touch = event.pointerType !== "mouse";
    const held = { row, from, span, grip, touch, x: event.clientX, y: event.clientY, start: [event.clientX, event.clientY], begun: false };
    this.held = held;
    held.off = listen(event.pointerId, held, this);
    if (touch) held.timer = setTimeout(() => this.held === held && this.begin(), LONG);
  }

  move(event) {
    const { held } = this;
    Object.assign(held, { x: event.clientX, y: event.clientY });
    const far = Math.hypot(held.x - held.start[0], held.y - held.start[1]) > FAR;
    if (held.begun) {
      scrollAlong(this.grid.current, held.y);
      this.place();
    } else if (far && held.touch) this.stop(); // it scrolls
    else if (far) this.begin();
  }

  begin() {
    this.held.begun = true;
    this.swallows = true;
    this.day.onCarry(true);
    this.place();
  }

  /** Where it would lie: in whole quarters, inside the day, in the column under the hand. */
  place() {
    const [{ held }, { columns, first, fits }] = [this, this.day];
    const cell = cellAt(this.grid.current, held.x, held.y);
    const lasts = (held.span[1] - held.span[0]) / QUARTER;
    const quarter = Math.max(0, Math.min(cell.rows - lasts, Math.round(cell.quarter - held.grip)));
    const column = Math.min(cell.column, columns.length - 1);
    held.to = { column, start: first + quarter * QUARTER, end: first + (quarter + lasts) * QUARTER };
    held.fits = fits(held.row, columns[held.from], columns[column]);
    this.show({ row: held.row, ...held.to, name: columns[column].name, fits: held.fits });
  }

  up() {
    const [{ held }, { columns, onDrop }] = [this, this.day];
    const moved = held.begun && (held.to.column !== held.from || held.to.start !== held.span[0]);
    this.stop();
    setTimeout(() => {
      this.swallows = false;
    }, 50); // its click, if there is one, comes before
    if (moved && held.fits) onDrop({ row: held.row, start: held.to.start, from: columns[held.from], to: columns[held.to.column] });
  }

  stop() {
    const { held } = this;
    this.held = null;
    if (!held) return;
    clearTimeout(held.timer);
    held.off();
    if (held.begun) this.day.onCarry(false);
    this.show(null);
  }

  swallow(event) {
    if (!this.swallows) return;
    this.swallows = false;
    event.preventDefault();
    event.stopPropagation();
  }
}

/**
 * @param {{current: Element}} grid the element of the day grid
 * @param {{columns: object[], first: number, fits: (row: object, from: object, to: object) => boolean, onDrop: (drop: object) => void, onCarry: (carried: boolean) => void}} day
 * @returns {{carried: object | null, take: (event: PointerEvent, row: object, column: number, span: number[]) => void, swallow: (event: Event) => void}}
 */
export function useDrag(grid, day) {
  const [carried, show] = useState(null);
  const hand = useMemo(() => new Hand(grid, show), []);
  hand.day = day;
  useEffect(() => () => hand.stop(), []);
  return { carried, take: (...press) => hand.take(...press), swallow: (event) => hand.swallow(event) };
}

/** Hear the pointer, wherever it goes, and Esc before the page does; returns how to stop hearing. */
function listen(pointer, held, hand) {
  const mine = (act) => (event) => event.pointerId === pointer && act(event);
  const escape = (event) => {
    if (event.key !== "Escape" || !held.begun) return;
    event.preventDefault();
    event.stopPropagation();
    hand.stop();
  };
  const still = (event) => held.begun && event.preventDefault(); // a finger that carries does not scroll
  /** @type {[string, any, any?][]} */
  const heard = [
    ["pointermove", mine((event) => hand.move(event))],
    ["pointerup", mine(() => hand.up())],
    ["pointercancel", mine(() => hand.stop())],
    ["keydown", escape, true],
    ["touchmove", still, { passive: false }],
    ["contextmenu", still],
  ];
  for (const [name, listener, how] of heard) document.addEventListener(name, listener, how);
  return () => {
    for (const [name, listener, how] of heard) document.removeEventListener(name, listener, how);
  };
}

function scrollAlong(grid, y) {
  const box = grid.getBoundingClientRect();
  if (y < box.top + EDGE) grid.scrollTop -= 12;
  if (y > box.bottom - EDGE) grid.scrollTop += 12;
}
