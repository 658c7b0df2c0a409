// Who has to do what before something can be billed, and how they are reached.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { me, roleName } from "../core/me.js";

/** The people whom a blocker names by id or role. */
function peopleOf(who, staff) {
  if (staff.has(who)) return [staff.get(who)];
  return [...staff.values()].filter((one) => one.roles.includes(who));
}

const MOST = 4; // of a role that many have, some are enough

/** May whoever looks at the page clear it? */
export function isMine(blocker) {
  const person = me.get();
  return blocker.who_can_clear.some((who) => who === person.id || person.roles.includes(who));
}

/** A letter to somebody of the staff; it names no client and no session, since mail is no safe place for them. */
function letterTo(person) {
  const subject = t("Something in kapclinic waits for you before it can be billed");
  return `mailto:${person.email}?subject=${encodeURIComponent(subject)}`;
}

/** @param {{blocker: Api["ChargeBlockerOut"], staff: Map<string, any>}} props */
export function Whom({ blocker, staff }) {
  const people = [...new Set(blocker.who_can_clear.flatMap((who) => peopleOf(who, staff)))].filter((one) => one.id !== me.get().id);
  const roles = blocker.who_can_clear.filter((who) => !/^[0-9a-f]{8}-/.test(who));
  return html`<p class="small">${roles.length > 0 && html`<span class="quiet">${roles.map(roleName).join(", ")}: </span>`}
    ${!people.length && !isMine(blocker) && t("nobody at this clinic; ask the administrator.")}
    ${people.slice(0, MOST).map((person) => html`<a class="b s" key=${person.id} href=${letterTo(person)}><${Icon} name="arrow" />${t("Remind {name} by e-mail", { name: person.name })}</a> `)}</p>`;
}
