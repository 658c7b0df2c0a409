// Every datum of every screen comes through here, from the public API.
import { SAME, early } from "./early.js";
import { Problem, offline, read } from "./problem.js";
import { store } from "./store.js";
import { hearClock } from "./time.js";

const ROOT = "/api/v1/";
const PATIENCE = 20000; // ms until an answer counts as lost

let signIn = null; // () => Promise: resolves once the same person has signed in again

/** Name whoever asks a person to sign in, over the page. */
export function askToSignIn(ask) {
  signIn = ask;
}

/** Who waits for a person to say once more who they are: a page shows `signin/stepup.js` meanwhile. */
export const doubted = store([]);

/** They did (`0`), or would not (`1`). */
export function settle(how) {
  for (const one of doubted.get()) one[how]();
  doubted.set([]);
}

const stepUp = () => new Promise((...both) => doubted.set([...doubted.get(), both]));

let whose = null; // () => Promise<boolean>: does this browser's sign-in belong to whom the page is drawn for?
let known = null; // the cookie of the sign-in of which that is known

/** Name whoever knows for whom the page is drawn. */
export function askWhose(ask) {
  whose = ask;
}

/** The sign-in of this moment belongs to whom the page is drawn for. */
export function trust() {
  known = cookie("csrftoken");
}

/**
 * In another tab somebody else may have signed in, under whose name this page would write from then on. Each sign-in
 * has a cookie of its own, so one look is enough for each.
 */
export async function isMine() {
  const found = cookie("csrftoken");
  if (!whose || (found && found === known)) return true;
  const mine = await whose();
  if (mine) trust();
  return mine;
}

/** A write waits until it is sure under whose name it is made. */
async function owned(method, path, quiet) {
  if (method === "GET" || path.startsWith("auth/")) return;
  const mine = await isMine().catch((problem) => {
    if (problem.status !== 401) throw problem;
    return false;
  });
  if (mine) return;
  if (quiet || !signIn) throw new Problem({ status: 401, code: "somebody_else" });
  await signIn();
}

/** A key made once for a write; a repeat with it acts once. `crypto.randomUUID` is missing on http:// in a LAN. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function cookie(name) {
  return document.cookie.match(`(?:^|; )${name}=([^;]*)`)?.[1] ?? "";
}

function addressOf(path, query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(given).toString();
  return ROOT + path + (text ? `?${text}` : "");
}

function headersOf(method, { body, key, match, tag, poll }) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
  if (key) headers["Idempotency-Key"] = key;
  if (match) headers["If-Match"] = match;
  if (tag) headers["If-None-Match"] = tag;
  if (poll) headers["X-Kap-Poll"] = "1"; // a page that asks by itself keeps nobody signed in
  return headers;
}

async function fetched(method, path, options) {
  const address = addressOf(path, options.query);
  const { answer, sent } = (method === "GET" && !options.tag && early(address)) || { answer: null, sent: Date.now() };
  let response;
  try {
    response = await (answer ?? fetch(address, {
      ...SAME,
      method,
      headers: headersOf(method, options),
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: AbortSignal.timeout(PATIENCE),
    }));
  } catch {
    throw offline();
  }
  if (response.headers.get("Date")) hearClock(response.headers.get("Date"), sent, Date.now());
  return response;
}

/**
 * One request. Answers `{ status, data, tag, replayed }`, where `data` is null for 204 and 304; a refusal is thrown.
 *
 * @param {string} method
 * @param {string} path under /api/v1/, without a slash before it
 * @param {{query?: object, body?: any, key?: string, match?: string, tag?: string, poll?: boolean, quiet?: boolean}} [options]
 *   `quiet`: a 401 is thrown like any other refusal, and nobody is asked to sign in
 * @throws {Problem}
 */
export async function call(method, path, options = {}) {
  await owned(method, path, options.quiet);
  let response = await fetched(method, path, options);
  if (response.status === 401 && !options.quiet) {
    const problem = await read(response);
    if (problem.code === "step_up_required") {
      await stepUp().catch(() => {
        throw problem;
      });
    } else if (signIn) await signIn();
    else throw problem;
    response = await fetched(method, path, options);
  }
  const tag = response.headers.get("ETag") ?? undefined;
  if (response.status === 304 || response.status === 204) return { status: response.status, data: null, tag };
  if (!response.ok) throw await read(response);
  try {
    return { status: response.status, data: await response.json(), tag, replayed: response.headers.has("Idempotency-Replayed") };
  } catch {
    throw offline(); // cut off half-way
  }
}

export const get = async (path, query, options) => (await call("GET", path, { query, ...options })).data;

/** A write with a key of its own: a repeat of the same button press acts once. */
export const post = async (path, body, options) =>
  (await call("POST", path, { body: body ?? {}, key: newKey(), ...options })).data;

/** All pages of a list, up to `most` rows. A page that asks by itself says so in `options` (`poll`). */
export async function all(path, query, most = 500, options = {}) {
  const rows = [];
  for (let page = 1; ; page += 1) {
    const found = await get(path, { ...query, page, page_size: 100 }, options);
    rows.push(...found.results);
    if (!found.next || rows.length >= most) return rows;
  }
}
