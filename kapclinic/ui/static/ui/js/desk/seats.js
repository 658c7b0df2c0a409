// Who is there: one choice for each seat of a session, and one more where somebody is missing.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { roleName } from "../core/me.js";

const CLINICAL = ["therapist", "nurse_practitioner", "prescriber"];

/** @param {{seats: {user: string, role: string}[], names: object, change: (seats: object[]) => void}} props */
export function Seats({ seats, names, change }) {
  const set = (index) => (event) => change(seats.map((seat, i) => (i === index ? { ...seat, user: event.target.value } : seat)));
  const add = (event) => {
    const [user, role] = event.target.value.split(" ");
    if (role) change([...seats, { user, role }]);
    event.target.value = "";
  };
  const there = new Set(seats.map((seat) => seat.user));
  const free = CLINICAL.flatMap((role) => who(names, role).filter((one) => !there.has(one.id)).map((one) => [one, role]));
  return html`${seats.map((seat, index) => html`<div class="f" key=${`${seat.role}${index}`}><label for=${`seat-${index}`}>${roleName(seat.role)}</label>
      <div class="row"><select id=${`seat-${index}`} class="grow" value=${seat.user} onChange=${set(index)}>
        ${who(names, seat.role, seat.user).map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}
      </select>
      ${seats.length > 1 && html`<button type="button" class="b bare s" aria-label=${t("Without {name}", { name: names.staff.get(seat.user)?.name ?? roleName(seat.role) })} onClick=${() => change(seats.filter((_, i) => i !== index))}><${Icon} name="x" /></button>`}</div></div>`)}
    <div class="f"><label for="seat-more">${t("Also with")}</label>
      <select id="seat-more" onChange=${add}><option value="">${t("Nobody")}</option>
        ${free.map(([one, role]) => html`<option key=${one.id + role} value=${`${one.id} ${role}`}>${one.name} · ${roleName(role)}</option>`)}</select></div>`;
}

function who(names, role, kept) {
  const rows = [...names.staff.values()].filter((one) => one.id === kept || (one.is_active && one.roles.includes(role)));
  return rows.sort((a, b) => a.name.localeCompare(b.name));
}
