// Who is here, and where: asked while the rest of the page is still on its way. It has no imports, so it runs first.
const ROOT = "/api/v1/";

/** What every request of these pages says: who asks, and that the answer is kept nowhere. @type {RequestInit} */
export const SAME = { credentials: "same-origin", cache: "no-store" };

const asked = new Map();

/** @param {string} address */
function ask(address) {
  const answer = fetch(address, { ...SAME, method: "GET", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(20000) });
  answer.catch(() => {}); // whoever takes it hears of it
  asked.set(address, { answer, sent: Date.now() });
}

if (document.querySelector("script[data-early]")) {
  ask(`${ROOT}auth/me/`);
  ask(`${ROOT}locations/?page=1&page_size=100`);
}

/**
 * What was asked for early, once: a second request for the same is a new one.
 *
 * @param {string} address
 * @returns {{answer: Promise<Response>, sent: number} | undefined}
 */
export function early(address) {
  const found = asked.get(address);
  asked.delete(address);
  return found;
}
