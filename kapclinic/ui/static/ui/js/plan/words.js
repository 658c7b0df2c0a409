// What a row of a course is called, when it is, and who has what it asks for.
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort } from "../core/time.js";
import { firstNames, kindName } from "../desk/words.js";

/** "Dosing 3" */
export function rowName(row) {
  return t("{kind} {n}", { kind: kindName(row.kind), n: row.number });
}

/** "Thu 17 Dec 13:00" */
export function when(at, zone) {
  return `${dayShort(dayIn(at, zone))} ${clock(at, zone)}`;
}

/** "Aspen · Thea" */
export function whereAndWho(row, names) {
  return [names.rooms.get(row.room)?.name ?? (row.modality === "video" ? t("Video") : ""), firstNames(row, names.staff)].filter(Boolean).join(" · ");
}

const STATES = {
  held: () => t("Held for the dose"),
  scheduled: () => t("Booked"),
  checked_in: () => t("Arrived"),
  in_progress: () => t("In session"),
  completed: () => t("Done"),
};

export function stateName(row) {
  if (!row.status) return row.state === "to" ? t("Moved, not booked") : t("Proposed");
  return STATES[row.status]?.() ?? row.status;
}

/** Who or what is taken by whom until when, of one entry of `conflicts`. */
export function clashWords(clash, names, zone) {
  const what = names.rooms.get(clash.resource)?.name ?? names.staff.get(clash.resource)?.name;
  const [from, to] = [clock(clash.starts_at, zone), clock(clash.ends_at, zone)];
  if (clash.held_until) {
    const values = { what: what ?? t("The time"), name: clash.held_by_name, time: clock(clash.held_until, zone) };
    return t("{what} is held by {name} until {time}.", values);
  }
  if (clash.kind === "client" || !what) return t("The client has another session from {from} to {to}.", { from, to });
  return t("{what} is taken from {from} to {to}.", { what, from, to });
}
