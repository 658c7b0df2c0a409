// What things are called on the administrator's pages, and what is still missing of a person or a place.
import { many, t } from "../core/i18n.js";
import { roleName } from "../core/me.js";
import { weekdays } from "../desk/words.js";

export const ROLES = ["front_desk", "nurse_practitioner", "therapist", "prescriber", "billing", "medical_director", "admin"];
export const CLINICAL = ["nurse_practitioner", "therapist", "prescriber", "medical_director"];

export function rolesOf(row) {
  return row.roles.map(roleName).join(", ");
}

/** What keeps a person from working, or their bills from going out; the first of it, or nothing. */
export function lacks(person) {
  if (!person.is_active) return "";
  const clinical = person.roles.some((role) => CLINICAL.includes(role));
  if (!person.locations.length && person.roles.some((role) => role !== "admin")) return t("no location");
  if (clinical && !person.license) return t("no licence number");
  if (clinical && !person.npi) return t("no NPI");
  return person.warnings.length ? t("NPI is wrong") : "";
}

/** "Mon 08:00–12:00, 13:00–17:00", a line for each day that has hours. */
export function weekLines(rows) {
  const names = weekdays();
  return names
    .map((name, day) => [name, rows.filter((row) => row.weekday === day).map((row) => `${row.from}–${row.to}`).join(", ")])
    .filter(([, hours]) => hours);
}

export function yesNo(value) {
  return value ? t("yes") : t("no");
}

/** How many sessions were left without somebody or something, for the line that is shown after a change. */
export function leftBehind(answer) {
  const n = (answer?.unresolved?.length ?? 0) + (answer?.elsewhere ?? 0);
  return n ? many(n, "{n} session was left behind: it stands on the front desk's list of what is to be done.", "{n} sessions were left behind: they stand on the front desk's list of what is to be done.") : "";
}

const FIELDS = {
  name: () => t("Name"),
  email: () => t("E-mail"),
  roles: () => t("Roles"),
  locations: () => t("Locations"),
  is_active: () => t("In use"),
  password_change_required: () => t("Chooses a password of their own first"),
  credentials: () => t("Letters after the name"),
  npi: () => t("NPI"),
  license_number: () => t("Licence number"),
  license_state: () => t("State of the licence"),
  dea_number: () => t("DEA number"),
  kap_trained: () => t("Trained in ketamine-assisted therapy"),
  needs_cosign: () => t("Notes wait for a second signature"),
  monitor_capacity: () => t("Clients watched at once"),
  video_url: () => t("Address of video sessions"),
  location: () => t("Location"),
  kinds: () => t("Serves"),
  turnover_min: () => t("Minutes it needs after each"),
  time_zone: () => t("Time zone"),
  address: () => t("Street address"),
  phone: () => t("Phone"),
  opening_hours: () => t("Opening hours"),
  closed_dates: () => t("Closed days"),
  pos_code: () => t("Place of service"),
  late_cancel_hours: () => t("A cancellation is late, hours before"),
  override_roles: () => t("May book twice, with a reason"),
  witness_roles: () => t("May witness a waste"),
  counts_required: () => t("The safe is counted every day"),
  correction_limit_mg: () => t("A correction opens a case above, mg"),
  desk_takes_payments: () => t("The front desk takes payments"),
  legal_name: () => t("Legal name on bills"),
  ein: () => t("Tax number (EIN)"),
  organization_npi: () => t("NPI of the practice"),
};

/** What a field of the API is called here. */
export function fieldName(name) {
  return FIELDS[name]?.() ?? name;
}

/** A value of the API in words; `names` are those of people, rooms and places by their ids. */
export function valueText(value, names) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return yesNo(value);
  if (Array.isArray(value)) return value.map((one) => valueText(one, names)).join(", ") || "–";
  if (typeof value === "object" && "weekday" in value) return `${weekdays()[value.weekday]} ${value.from}–${value.to}`;
  if (typeof value === "object") return Object.values(value).filter(Boolean).join(", ") || "–";
  return names?.get(value) ?? roleName(String(value));
}
