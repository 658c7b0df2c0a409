// What was written at the bedside and is not on the server yet. Write first, send second, forget last.
//
// An item: { key, path, body, owner, ownerName, session, what, at, state, problem, tries, guessed }. `state` is
// `waiting`, `sending` or `rejected`; `what` a word of ours, never a name. The key is made once, so a lost answer
// doubles nothing. `guessed`: written by the tablet's own clock, before any answer told the server's.
import { call, isMine, newKey } from "../core/api.js";
import { announce } from "../core/announce.js";
import { t } from "../core/i18n.js";
import { me } from "../core/me.js";
import { store } from "../core/store.js";
import { ahead, minutesOff, now } from "../core/time.js";
import { everything, keep, remove } from "./disk.js";

const LONGEST = 30000;
const MOMENTS = ["measured_at", "observed_at", "onset_at"];

/** All items of this tablet, oldest first. */
export const outbox = store([]);
/** `kept` while the disk takes what it gets, else `refused`: a closed tab loses it then. */
export const disk = store("kept");
/** Told of each answer: `(item, data)`. */
const arrivals = new Set();

let [timer, tries, sending] = [0, 0, false];
let notBefore = 0; // the server asked for patience until then, in ms of this device

export function onArrival(listener) {
  arrivals.add(listener);
  return () => arrivals.delete(listener);
}

function order(items) {
  return [...items].sort((a, b) => a.at - b.at);
}

function change(key, values) {
  outbox.set(outbox.get().map((item) => (item.key === key ? { ...item, ...values } : item)));
}

/** Read the disk; what was being sent when a tab closed waits again. */
export async function readOutbox() {
  try {
    const rows = (await everything()).map((item) => (item.state === "sending" ? { ...item, state: "waiting" } : item));
    const unsaved = outbox.get().filter((item) => item.memoryOnly);
    outbox.set(order([...rows, ...unsaved]));
    disk.set("kept");
  } catch {
    disk.set("refused");
  }
}

/**
 * Put one write down. Resolves once it is on the disk, or in the page alone where the disk refuses.
 *
 * @param {{path: string, body: object, session: string, what: string}} write
 * @returns {Promise<object>} the item
 */
export async function put({ path, body, session, what }) {
  const person = me.get();
  const item = { key: newKey(), path, body, session, what, at: now(), owner: person.id, ownerName: person.name };
  Object.assign(item, { state: "waiting", problem: null, tries: 0, guessed: ahead.get() === null });
  try {
    await keep(item);
    disk.set("kept");
    navigator.storage?.persist?.();
  } catch {
    item.memoryOnly = true;
    disk.set("refused");
  }
  outbox.set(order([...outbox.get(), item]));
  announce(item.memoryOnly ? t("On this page only, not sent yet") : t("On this tablet, not sent yet"));
  soon(0);
  return item;
}

/** Take a refused item off; whoever calls has written down why. */
export async function discard(key) {
  await remove(key).catch(() => {});
  outbox.set(outbox.get().filter((item) => item.key !== key));
}

export function mine(items = outbox.get()) {
  return items.filter((item) => item.owner === me.get()?.id);
}

/** [{owner, name, count}] of whoever else has unsent items here; `own` is left out. */
export function othersWaiting(own, items = outbox.get()) {
  const found = new Map();
  for (const item of items) {
    if (item.owner === own) continue;
    const one = found.get(item.owner) ?? { owner: item.owner, name: item.ownerName, count: 0 };
    found.set(item.owner, { ...one, count: one.count + 1 });
  }
  return [...found.values()];
}

/** Send what is mine, `delay` ms from now; later where the server asked for more patience. */
export function soon(delay) {
  clearTimeout(timer);
  timer = setTimeout(send, Math.max(delay, notBefore - Date.now()));
}

async function send() {
  if (sending || !me.get()) return;
  sending = true;
  try {
    // Two tabs never send at once where the browser has locks; elsewhere the key keeps it to one row.
    if (navigator.locks) await navigator.locks.request("kap-outbox", { ifAvailable: true }, (lock) => lock && round());
    else await round();
  } finally {
    sending = false;
  }
  if (mine().some((item) => item.state === "waiting")) soon(pause());
}

function pause() {
  if (signedOut.get()) return LONGEST; // the one who signs in wakes it earlier
  return Math.min(LONGEST, 1000 * 2 ** Math.min(tries, 5)) * (0.75 + Math.random() / 2);
}

/** Not now: what the server says of the time to wait is obeyed. */
function later(problem) {
  tries += 1;
  if (problem.wait) notBefore = Date.now() + problem.wait * 1000;
}

/**
 * What was written by the tablet's own clock, in the clinic's time: once, on the disk, and before it is first sent,
 * because a key never comes with two bodies.
 */
async function timed(item) {
  if (!item.guessed || ahead.get() === null) return item;
  const off = minutesOff() ? ahead.get() : 0;
  const moved = MOMENTS.filter((name) => item.body[name]).map((name) => [name, new Date(Date.parse(item.body[name]) + off).toISOString()]);
  const values = { guessed: false, at: item.at + off, body: { ...item.body, ...Object.fromEntries(moved) } };
  change(item.key, values);
  if (!item.memoryOnly) await keep({ ...item, ...values }).catch(() => disk.set("refused"));
  return { ...item, ...values };
}

async function round() {
  await readOutbox();
  const waiting = mine().filter((item) => item.state !== "rejected");
  if (!waiting.length || !(await maySend())) return;
  for (const item of waiting) {
    if (!(await one(item))) return;
  }
}

/** Is it still this person who sends? By then the server's time is known too, which `timed` needs. */
async function maySend() {
  try {
    if (await isMine()) return true;
    signedOut.set(true);
  } catch (problem) {
    if (problem.status === 401) signedOut.set(true);
    else later(problem);
  }
  return false;
}

/** Send one. Answers whether the next may follow. */
async function one(item) {
  change(item.key, { state: "sending" });
  try {
    const { path, body, key } = await timed(item);
    const { data } = await call("POST", path, { body, key, quiet: true });
    await remove(item.key).catch(() => {});
    outbox.set(outbox.get().filter((other) => other.key !== item.key));
    tries = 0;
    if (signedOut.get()) signedOut.set(false); // in another tab they have signed in again
    announce(t("On the server"));
    for (const listener of arrivals) listener(item, data);
    return true;
  } catch (problem) {
    return refused(item, problem);
  }
}

async function refused(item, problem) {
  if (problem.status === 401 || /_(change|enrolment)_required$/.test(problem.code)) {
    change(item.key, { state: "waiting" });
    signedOut.set(true);
    return false;
  }
  if (problem.passing !== false) {
    later(problem);
    change(item.key, { state: "waiting", tries: item.tries + 1 });
    return false;
  }
  const told = { code: problem.code, title: problem.title, detail: problem.detail, errors: problem.errors };
  await settle(item.key, { state: "rejected", problem: told });
  return true;
}

/** Change an item here and on the disk. */
async function settle(key, values) {
  change(key, values);
  const kept = outbox.get().find((other) => other.key === key);
  if (kept && !kept.memoryOnly) await keep(kept).catch(() => disk.set("refused"));
}

/** Send a refused item once more, as it stands: what stood against it may be gone. */
export async function again(key) {
  await settle(key, { state: "waiting", problem: null });
  soon(0);
}

/** The server knows nobody here any more: the badge asks to sign in. */
export const signedOut = store(false);

/** Begin once a page knows who is signed in. */
export async function beginSending() {
  await readOutbox();
  window.addEventListener("beforeunload", (event) => outbox.get().some((item) => item.memoryOnly) && event.preventDefault());
  for (const moment of ["online", "pageshow"]) window.addEventListener(moment, () => soon(0));
  document.addEventListener("visibilitychange", () => document.hidden || soon(0));
  me.listen((person) => person && (signedOut.set(false), soon(0)));
  soon(0);
}
