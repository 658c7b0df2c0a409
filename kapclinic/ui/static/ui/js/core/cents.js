// Money as the API writes it, "1650.00": counted in cents as whole numbers, never as floats.

/** Cents of "165", "165.5", "1,650.00" or "-12.50"; null for anything else, so that nothing unread counts as zero. */
export function parse(text) {
  const plainly = String(text ?? "").replace(/^(\s*[-−]?\d{1,3}(?:,\d{3})+)(?=\.\d|\s*$)/, (whole) => whole.replaceAll(",", ""));
  const found = /^\s*([-−]?)(\d{1,11})(?:[.,](\d{1,2}))?\s*$/.exec(plainly);
  if (!found) return null;
  const cents = Number(found[2]) * 100 + Number((found[3] ?? "").padEnd(2, "0"));
  return found[1] && cents ? -cents : cents;
}

/** "1650.00" of 165000: for the wire. */
export function wire(cents) {
  const size = Math.abs(cents);
  return `${cents < 0 ? "-" : ""}${Math.floor(size / 100)}.${String(size % 100).padStart(2, "0")}`;
}

/** Cents of several amounts together; null when one of them is not an amount. @param {string[]} texts */
export function sum(texts) {
  return texts.reduce((total, text) => (total === null || parse(text) === null ? null : total + parse(text)), /** @type {number | null} */ (0));
}

/** "1,650.00" of "1650.00", for a row; a dash for what is not known. @param {string | number | null | undefined} amount the API's text, or cents */
export function plain(amount) {
  const cents = typeof amount === "number" ? amount : parse(amount);
  if (cents === null) return "–";
  const [whole, rest] = wire(Math.abs(cents)).split(".");
  return `${cents < 0 ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${rest}`;
}

/** "$1,650.00", for a total. @param {string | number | null | undefined} amount the API's text, or cents */
export function money(amount) {
  const shown = plain(amount);
  return shown.startsWith("−") ? `−$${shown.slice(1)}` : shown === "–" ? shown : `$${shown}`;
}
