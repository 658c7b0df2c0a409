// What the server said of the rows of a plan: what breaks, what is said of several, and what stands in the way of booking.
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { keyOf, remedyOf } from "./rows.js";
import { rowName } from "./words.js";

const ORDER = ["breaks", "warns", "moves"];

/** Of several rows, each thing said once with the rows that it is said of. */
export function together(rows, effects) {
  const found = new Map();
  for (const row of rows) {
    for (const one of effects.get(keyOf(row)) ?? []) {
      const name = one.severity === "warns" ? `${one.code} ${one.detail}` : `${keyOf(row)} ${one.code} ${one.detail} ${one.session}`;
      const known = found.get(name);
      if (known) known.rows.push(row);
      else found.set(name, { ...one, rows: [row] });
    }
  }
  return [...found.values()].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

export function broken(rows, effects) {
  return rows.filter((row) => (effects.get(keyOf(row)) ?? []).some((one) => one.severity === "breaks"));
}

/** What stands between the plan and its booking, in words; "" when nothing does. */
export function inTheWay(plan) {
  if (plan.asking) return t("A plan is being looked for.");
  if (!plan.look.known) return t("What it would bring is being looked at.");
  if (plan.look.problem) return words(plan.look.problem);
  const bad = broken(plan.rows, plan.look.effects);
  if (!plan.look.possible) return bad.length ? t("{what} can not be booked so. Mend it first.", { what: bad.map(rowName).join(", ") }) : plan.look.refusal?.detail ?? "";
  return "";
}

/** Does it break a rule of the course that the server would let pass with a warning? */
export function breaksRules(plan) {
  return plan.look.known && plan.look.possible && broken(plan.rows ?? [], plan.look.effects).length > 0;
}

export function mendable(plan) {
  return (plan.rows ?? []).filter((row) => remedyOf(plan.look.effects.get(keyOf(row)) ?? [])).length;
}
