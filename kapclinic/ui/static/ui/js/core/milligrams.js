// Milligrams as the API writes them, "57.700": counted in thousandths as whole numbers, never as floats.

/** Thousandths of "75", "57.7" or "57.700"; null for anything else. */
export function parse(text) {
  const found = /^\s*(\d{1,7})(?:[.,](\d{1,3}))?\s*$/.exec(String(text ?? ""));
  return found ? Number(found[1]) * 1000 + Number((found[2] ?? "").padEnd(3, "0")) : null;
}

/** "57.7" of 57700: for a person, nothing rounded. */
export function shown(thousandths) {
  const [whole, rest] = [Math.floor(thousandths / 1000), thousandths % 1000];
  return rest ? `${whole}.${String(rest).padStart(3, "0").replace(/0+$/, "")}` : String(whole);
}

/** "57.700" of 57700: for the wire. */
export function wire(thousandths) {
  return `${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, "0")}`;
}
