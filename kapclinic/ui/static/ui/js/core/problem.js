// A refusal of the API (RFC 9457), or an answer that never came.
import { learnTold, many, refusal, t } from "./i18n.js";

export class Problem extends Error {
  constructor({ status, code, title = "", detail = "", errors = [], extra = {}, wait = 0 }) {
    super(title || code);
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.extra = extra;
    this.wait = wait;
  }

  /** Would the same request have a chance later, unchanged? */
  get passing() {
    if (this.code === "request_in_progress") return true;
    return this.status === 0 || this.status === 408 || this.status === 425 || this.status === 429 || this.status >= 500;
  }
}

export function offline() {
  return new Problem({ status: 0, code: "offline", title: t("No answer from the server") });
}

export async function read(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    body = {}; // a proxy's own page
  }
  await learnTold();
  const { type, title, status, detail, code, errors, ...extra } = /** @type {any} */ (body);
  return new Problem({
    status: response.status,
    code: code || `http_${response.status}`,
    title: title || t("The server could not answer"),
    detail: detail || "",
    errors: errors || [],
    extra,
    wait: Number(response.headers.get("Retry-After")) || Number(extra.retry_after) || 0,
  });
}

const WORDS = {
  offline: () => t("No answer from the server. What you wrote is still here."),
  busy: () => t("Somebody else is writing here. Try again in a moment."),
  stale: () => t("Somebody changed this in the meantime."),
  not_permitted: () => t("Your role may not do this."),
};

/** One sentence for a person: ours where we have one, else the server's detail. */
export function words(problem) {
  if (!(problem instanceof Problem)) return t("Something went wrong on this page. Reload it.");
  if (problem.status === 429 && problem.wait) {
    return many(Math.ceil(problem.wait / 60), "Too many tries: wait {n} minute.", "Too many tries: wait {n} minutes.");
  }
  const [first] = problem.code === "invalid" ? problem.errors : [];
  return WORDS[problem.code]?.() || refusal(first ?? problem) || problem.detail || problem.title;
}

/** What is wrong with one field, for a person. @param {{code?: string, detail: string}} error */
export function sentence(error) {
  return refusal(error) ?? error.detail;
}

/** Field name -> sentence, of a 400. */
export function byField(problem) {
  return Object.fromEntries(problem.errors.map((error) => [error.pointer.replace(/^\//, ""), sentence(error)]));
}
