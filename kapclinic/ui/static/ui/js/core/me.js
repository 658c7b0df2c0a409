// Who is signed in here, and at which location they work now.
import { all, askWhose, call, get, trust } from "./api.js";
import { t } from "./i18n.js";
import { store, unsaved } from "./store.js";

export const me = store(null);
export const locations = store([]);
export const place = store(null);

const KEPT = "kap.location";
const LAST = "kap.last"; // who was here and where, so that a tablet without a network opens: staff, no client

askWhose(async () => {
  const person = await get("auth/me/", {}, { poll: true, quiet: true });
  return !me.get() || person.id === me.get().id;
});

/** Load who and where; the clinic's zone is needed before anything is shown. */
export async function arrive() {
  let found;
  try {
    const places = all("locations/", {}, 500, { quiet: true });
    places.catch(() => {}); // who it is comes first: its refusal is the one that is said
    const person = await get("auth/me/", {}, { quiet: true });
    trust();
    const rows = await places;
    const mine = rows.filter((row) => person.locations.includes(row.id));
    found = { person, rows: mine.length ? mine : rows };
    localStorage.setItem(LAST, JSON.stringify(found));
  } catch (problem) {
    found = problem.passing && JSON.parse(localStorage.getItem(LAST) ?? "null");
    if (!found) throw problem;
  }
  locations.set(found.rows);
  place.set(found.rows.find((row) => row.id === localStorage.getItem(KEPT)) ?? found.rows[0] ?? null);
  me.set(found.person);
}

export function workAt(id) {
  localStorage.setItem(KEPT, id);
  place.set(locations.get().find((row) => row.id === id));
}

export async function leave() {
  localStorage.removeItem(LAST);
  await call("POST", "auth/logout/", { quiet: true });
  unsaved.set(0); // whoever leaves has been asked
  location.assign("/sign-in");
}

/** @returns {Promise<object>} who it is now @throws {Problem} */
export async function enter(body) {
  return (await call("POST", "auth/login/", { body, quiet: true })).data;
}

const ROLES = {
  front_desk: () => t("Front desk"),
  nurse_practitioner: () => t("Nurse practitioner"),
  therapist: () => t("Therapist"),
  prescriber: () => t("Prescriber"),
  billing: () => t("Billing"),
  medical_director: () => t("Medical director"),
  admin: () => t("Administrator"),
};

export function roleName(role) {
  return ROLES[role]?.() ?? role;
}

export function has(...roles) {
  return me.get()?.roles.some((role) => roles.includes(role)) ?? false;
}

export function initials(name) {
  const parts = name.split(/\s+/).filter((part) => /^\p{L}/u.test(part));
  return ((parts[0]?.[0] ?? "") + (parts.length > 1 ? parts.at(-1)[0] : "")).toUpperCase();
}
