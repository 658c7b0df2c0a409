// Who may be the same person, asked before somebody is registered: the server warns only once the second row is there.
import { all } from "../../core/api.js";

const MOST = 5;

/** Words as names are compared: small, without accents and marks. */
function folded(text) {
  return (text ?? "").normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}@.]+/gu, " ").trim();
}

function phoneKey(text) {
  return (text ?? "").replace(/\D/g, "").replace(/^1(?=\d{10}$)/, "");
}

function firsts(row) {
  return [folded(row.legal_first_name), folded(row.chosen_name)].filter(Boolean);
}

/** What is the same of two: as the server's own warning has it. */
export function alike(one, other) {
  const same = [];
  if (one.date_of_birth === other.date_of_birth) {
    const [last, itsLast] = [folded(one.legal_last_name), folded(other.legal_last_name)];
    if (firsts(one).some((name) => firsts(other).includes(name))) same.push("first_name");
    if (last && last === itsLast) same.push("last_name");
    if (!same.length && firsts(one).includes(itsLast) && firsts(other).includes(last)) same.push("swapped_names");
    if (same.length) same.push("date_of_birth");
  }
  const [mine, theirs] = [phoneKey(one.phone), phoneKey(other.phone)];
  if (mine.length >= 7 && mine === theirs) same.push("phone");
  if (one.email && folded(one.email) === folded(other.email)) same.push("email");
  return same;
}

/** @returns {Promise<object[]>} clients who may be the one that is about to be registered, each with what is `same` */
export async function candidates(values) {
  const phone = phoneKey(values.phone);
  const asked = [
    all("clients/", { date_of_birth: values.date_of_birth }, 300),
    phone.length >= 7 ? all("clients/", { search: phone }, 100) : [],
    values.email ? all("clients/", { search: values.email }, 100) : [],
  ];
  const found = new Map((await Promise.all(asked)).flat().map((row) => [row.id, row]));
  const rows = [...found.values()].map((row) => ({ ...row, same: alike(values, row) }));
  return rows.filter((row) => row.same.length).slice(0, MOST);
}
