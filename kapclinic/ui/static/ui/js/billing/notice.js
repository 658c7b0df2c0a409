// What is told of charges that were just made.
import { many } from "../core/i18n.js";

/** What charging has brought with it, beside the amounts. @param {{row: any, charges: any[]}[]} made */
export function notice(made) {
  const charges = made.flatMap((one) => one.charges);
  const waits = charges.filter((charge) => charge.status === "review").length;
  const said = charges.flatMap((charge) => charge.warnings.map((warning) => warning.detail));
  const first = made.length === 1 ? many(charges.length, "{name}: {n} line charged.", "{name}: {n} lines charged.", { name: made[0].row.client.name }) : many(made.length, "{n} session charged.", "{n} sessions charged.");
  const second = waits ? many(waits, "{n} waits for the medical director.", "{n} wait for the medical director.") : "";
  return { words: [first, second, ...new Set(said)].filter(Boolean).join(" ") };
}
