// Who may be the second person, and whether something that was asked for can be decided still: as the API has it.
import { t } from "../core/i18n.js";

const OPEN = 48 * 3600000; // ms; what nobody decided in two days is asked for anew

/** Is it too old to be decided, or has become so since the page asked? */
export function overOf(row, at) {
  return row.state === "expired" || (row.state === "asked" && at - Date.parse(row.created_at) > OPEN);
}

const holds = (person, role) => !!person?.is_active && person.roles.includes(role);

/** Why somebody is not the second person, in a sentence; nothing when they are. @param {any} row @param {any[]} staff @param {any} self */
export function reasonNot(row, staff, self) {
  if (row.created_by === self.id) return t("You asked for it: another person approves.");
  if (row.user === self.id) return t("It is about you: two others decide.");
  const asker = staff.find((one) => one.id === row.created_by);
  const mine = { ...self, is_active: true };
  if (row.kind === "reset") return holds(mine, "admin") || asker?.roles.includes("admin") ? "" : t("An administrator has to be one of the two.");
  const both = (one, other) => holds(one, "admin") && holds(other, "medical_director");
  return both(mine, asker) || both(asker, mine) ? "" : t("One of the two is an administrator and the other one a medical director.");
}
