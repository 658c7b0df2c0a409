// What is told of charges that were just made.
import { many } from "../core/i18n.js";

/** What charging has brought with it, beside the amounts. */
export function notice(row, charges) {
  const waits = charges.filter((charge) => charge.status === "review").length;
  const said = charges.flatMap((charge) => charge.warnings.map((warning) => warning.detail));
  const first = many(charges.length, "{name}: {n} line charged.", "{name}: {n} lines charged.", { name: row.client.name });
  const second = waits ? many(waits, "{n} waits for the medical director.", "{n} wait for the medical director.") : "";
  return { words: [first, second, ...new Set(said)].filter(Boolean).join(" ") };
}
