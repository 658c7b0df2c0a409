// The words of a paper while somebody writes: where they are, and how they get to the server. They are kept in the
// memory of this page alone, never in the browser's storage: they tell of a client, and others use this device too.
import { call, newKey } from "../core/api.js";
import { store, unsaved } from "../core/store.js";
import { now } from "../core/time.js";

const PAUSE = 1200; // ms after the last letter
const LONGEST = 8000; // ms for somebody who never pauses
const [FIRST, LAST] = [2000, 30000]; // between tries while no answer comes

const kept = new Map(); // path -> draft, for as long as the page is open

/** Do two papers say the same? @param {any} one @param {any} other */
export function same(one, other) {
  return JSON.stringify(plain(one)) === JSON.stringify(plain(other));
}

function plain(value) {
  if (value === null || typeof value !== "object") return value;
  return Object.keys(value).sort().map((name) => [name, plain(value[name])]);
}

function count() {
  unsaved.set([...kept.values()].filter((draft) => draft.dirty).length);
}

/** The draft of a path that this page holds, when some of its words are nowhere else. @param {string} path */
export function heldDraft(path) {
  const draft = kept.get(path);
  return draft?.dirty ? draft : null;
}

export class Draft {
  /**
   * @param {{path: string, row: any, tag?: string, wordsOf: (row: any) => any, bodyOf: (words: any) => any,
   *   open?: (row: any) => boolean, begin?: {path: string, body: any, at: (row: any) => string}}} how
   *   `row`: what the server has; null before the first words of one that `begin` creates; `open`: may it be written on
   */
  constructor({ path, row, tag, wordsOf, bodyOf, open = () => true, begin = null }) {
    this.path = path;
    this.row = row;
    this.tag = tag;
    this.wordsOf = wordsOf;
    this.bodyOf = bodyOf;
    this.open = open;
    this.begin = begin;
    this.words = wordsOf(row);
    this.base = this.words; // what of it the server is known to have
    this.state = store({ where: row ? "server" : "none", problem: null, theirs: null, refusedTimes: null });
    this.wait = FIRST;
    this.running = null;
    this.since = null; // when the first unsent letter was written
    this.timer = 0;
    this.first = null; // {key, sent}: a creation whose answer is still to come
    kept.set(path, this);
    this.online = () => this.dirty && this.save();
    window.addEventListener("online", this.online);
  }

  get dirty() {
    return !same(this.words, this.base);
  }

  tell(change) {
    this.state.set({ ...this.state.get(), ...change });
    count();
  }

  /** @param {any} change of the words */
  write(change) {
    this.words = { ...this.words, ...change };
    const { where } = this.state.get();
    if (where === "conflict") return this.tell({});
    if (!this.dirty) return this.tell({ where: this.row ? "server" : "none", problem: null });
    this.tell({ where: where === "sending" ? where : "page", problem: where === "refused" ? null : this.state.get().problem });
    this.since ??= Date.now();
    this.later(Math.min(PAUSE, Math.max(0, this.since + LONGEST - Date.now())));
    return undefined;
  }

  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(false), ms);
  }

  /**
   * Send what is not there yet; `all`: also what is written meanwhile.
   *
   * @returns {Promise<boolean>} is every word on the server now?
   */
  save(all = true) {
    if (this.running) return all ? this.running.then(() => this.save()) : this.running;
    this.running = this.send(all).finally(() => {
      this.running = null;
    });
    return this.running;
  }

  async send(all) {
    clearTimeout(this.timer);
    for (let turn = 0; this.dirty || this.first; turn += 1) {
      if (turn && !all && !this.state.get().refusedTimes) return this.rest();
      if (this.state.get().where === "conflict") return false;
      this.since = null;
      const sent = this.first?.sent ?? this.words;
      this.tell({ where: "sending" });
      try {
        this.took(await this.sendOnce(sent), sent);
      } catch (problem) {
        if (!(await this.failed(problem, sent))) return false;
      }
    }
    this.wait = FIRST;
    this.tell({ where: this.row ? "server" : "none", problem: null });
    return true;
  }

  /** The next letters wait for a pause again. */
  rest() {
    this.wait = FIRST;
    this.tell({ where: "page", problem: null });
    this.later(PAUSE);
    return false;
  }

  async sendOnce(sent) {
    if (this.row) return call("PATCH", this.path, { body: this.bodyOf(sent), match: this.tag });
    this.first ??= { key: newKey(), sent };
    return call("POST", this.begin.path, { body: { ...this.begin.body, ...this.bodyOf(sent) }, key: this.first.key });
  }

  /** What was sent stands on the server. */
  took({ data, tag }, sent) {
    if (this.first) {
      this.first = null;
      kept.delete(this.path);
      this.path = this.begin.at(data);
      kept.set(this.path, this);
    }
    Object.assign(this, { row: data, tag, base: sent });
  }

  /** @returns {Promise<boolean>} can it go on at once? */
  async failed(problem, sent) {
    if (problem.status === 412) return this.compare(sent);
    if (problem.passing) {
      this.tell({ where: "page", problem });
      this.later(problem.wait ? problem.wait * 1000 : this.wait);
      this.wait = Math.min(LAST, this.wait * 2);
      return false;
    }
    this.first = null;
    const times = ["service_started_at", "service_ended_at"];
    if (problem.errors?.length && problem.errors.every((one) => times.includes(one.pointer.slice(1)))) {
      const { service_started_at, service_ended_at } = this.base; // the words are worth more than their times
      this.words = { ...this.words, service_started_at, service_ended_at };
      this.tell({ refusedTimes: problem });
      return true;
    }
    this.tell({ where: "refused", problem });
    return false;
  }

  /** Somebody, or oneself in another tab, wrote meanwhile; or the answer to what was sent was lost. */
  async compare(sent) {
    try {
      const { data, tag } = await call("GET", this.path);
      const theirs = this.wordsOf(data);
      if (this.open(data) && same(theirs, sent)) this.took({ data, tag }, sent);
      else if (this.open(data) && same(theirs, this.base)) Object.assign(this, { row: data, tag });
      else {
        this.tell({ where: "conflict", theirs: { row: data, tag, at: now() } });
        return false;
      }
      return true;
    } catch (problem) {
      this.tell({ where: "page", problem });
      if (problem.passing) this.later(this.wait);
      return false;
    }
  }

  /** What the server has now is taken up, unless something here is not there yet. */
  async look() {
    if (this.dirty || this.running || !this.row) return;
    const { data, tag } = await call("GET", this.path, { poll: true });
    if (this.dirty || this.running) return;
    this.adopt(data, tag);
  }

  adopt(row, tag) {
    Object.assign(this, { row, tag, words: this.wordsOf(row) });
    this.base = this.words;
    this.tell({ where: "server", problem: null, theirs: null });
  }

  /** Of two versions, the one on this page stands. */
  keepMine() {
    const { row, tag } = this.state.get().theirs;
    Object.assign(this, { row, tag, base: this.wordsOf(row) });
    this.tell({ where: "page", theirs: null });
    return this.save();
  }

  /** Of two versions, the server's stands. */
  takeTheirs() {
    const { row, tag } = this.state.get().theirs;
    this.adopt(row, tag);
  }

  /** Whatever is here alone is given up: it went elsewhere. */
  close() {
    clearTimeout(this.timer);
    window.removeEventListener("online", this.online);
    this.base = this.words;
    kept.delete(this.path);
    count();
  }
}
