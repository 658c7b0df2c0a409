// One location: what it is, when it is open, its rules in plain words, and what its clients are reminded of.
import { Icon, html, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { roleName } from "../core/me.js";
import { words } from "../core/problem.js";
import { dayIn, dayShort, now } from "../core/time.js";
import { Chosen } from "../desk/parts/pane.js";
import { Changes } from "./changes.js";
import { useOne } from "./known.js";
import { fieldName, leftBehind, weekLines } from "./words.js";

const OpenForm = lazy(() => import("./opening.js"), "OpenForm");
const PlaceForm = lazy(() => import("./placeform.js"), "PlaceForm");
const PlanForm = lazy(() => import("./planform.js"), "PlanForm");
const RulesForm = lazy(() => import("./rulesform.js"), "RulesForm");

/** @param {{row: any, data: any, manages: boolean, again: () => void, tell: (words: string) => void}} props */
export function Place({ row, data, manages, again, tell }) {
  const [dialog, open] = useState(null);
  const [turn, turnOver] = useState(0);
  const plan = useOne(`reminder-plans/${row.id}/`, {}, turn);
  const close = () => open(null);
  const done = (answer) => {
    close();
    turnOver((n) => n + 1);
    tell(leftBehind(answer));
    again();
  };
  useKeys(manages ? { e: () => open("change"), h: () => open("opening") } : {});
  const foot = manages && html`<button type="button" class="b go" onClick=${() => open("change")}><${Icon} name="pen" />${t("Change…")} <kbd>e</kbd></button>`;
  const part = (title, verb, kind, key) => html`<div class="ph"><h2>${title}</h2>${manages && html`<button type="button" class="b s" onClick=${() => open(kind)}>${verb}${key && html` <kbd>${key}</kbd>`}</button>`}</div>`;
  return html`<${Chosen} title=${row.name} foot=${foot}>
    <${Facts} row=${row} />
    ${part(t("Opening hours"), t("Change the hours…"), "opening", "h")}<${Opening} row=${row} />
    ${part(t("Rules of this location"), t("Change the rules…"), "rules")}<${Rules} row=${row} />
    ${part(t("Reminders to clients"), t("Change the reminders…"), "plan")}
    ${plan.problem ? html`<p class="note med" role="status">${words(plan.problem)}</p>` : plan.data && html`<${Plan} plan=${plan.data} />`}
    <${Changes} type="location" id=${row.id} turn=${row.version} names=${data.names} zone=${row.time_zone} />
    ${dialog === "change" && html`<${PlaceForm} row=${row} onDone=${done} onClose=${close} />`}
    ${dialog === "opening" && html`<${OpenForm} row=${row} onDone=${done} onClose=${close} />`}
    ${dialog === "rules" && html`<${RulesForm} row=${row} onDone=${done} onClose=${close} />`}
    ${dialog === "plan" && plan.data && html`<${PlanForm} row=${plan.data} place=${row} onDone=${done} onClose=${close} />`}
  <//>`;
}

function Facts({ row }) {
  const { line1, line2, city, state, postal_code: code } = row.address;
  const fact = (name, value) => value && html`<dt>${fieldName(name)}</dt><dd>${value}</dd>`;
  return html`<dl class="dl">
    ${fact("address", [line1, line2, `${city}, ${state} ${code}`].filter(Boolean).join(", "))}
    ${fact("phone", row.phone)}${fact("time_zone", row.time_zone)}
    ${fact("legal_name", row.legal_name || "–")}${fact("ein", row.ein || "–")}${fact("organization_npi", row.organization_npi || "–")}
    ${fact("pos_code", row.pos_code)}${fact("dea_number", row.dea_number || "–")}${fact("video_url", row.video_url)}
  </dl>`;
}

function Opening({ row }) {
  const today = dayIn(now(), row.time_zone);
  const closed = row.closed_dates.filter((day) => day >= today).sort();
  const lines = weekLines(row.opening_hours);
  return html`${lines.length ? html`<dl class="dl wkl">${lines.map(([day, hours]) => html`<dt>${day}</dt><dd>${hours}</dd>`)}</dl>` : html`<p class="note med"><${Icon} name="warn" /><span>${t("It is never open: nothing can be booked here.")}</span></p>`}
    ${closed.length > 0 && html`<p>${t("Closed on {days}", { days: closed.map(dayShort).join(", ") })}</p>`}`;
}

function Rules({ row }) {
  const roles = (list, nobody) => list.map(roleName).join(", ") || nobody;
  return html`<ul class="rules">
    <li>${many(row.late_cancel_hours, "A cancellation counts as late from {n} hour before the session.", "A cancellation counts as late from {n} hours before the session.")}</li>
    <li>${t("A room or a person may be booked twice at one time, with a reason, by: {roles}.", { roles: roles(row.override_roles, t("no one")) })}</li>
    <li>${t("A waste of drug may be witnessed by: {roles}.", { roles: roles(row.witness_roles, t("any clinician")) })}</li>
    <li>${row.counts_required ? t("The drug safe is counted at the close of every day on which it moved.") : t("A count of the drug safe is not asked for every day.")}</li>
    <li>${t("A correction that adds more than {mg} mg to a lot opens a case.", { mg: row.correction_limit_mg })}</li>
    <li>${row.desk_takes_payments ? t("The front desk takes payments, and reads what a client owes.") : t("The front desk neither takes payments nor reads what a client owes.")}</li>
  </ul>`;
}

const WAYS = { email: () => t("E-mail"), sms: () => t("SMS") };

function Plan({ plan }) {
  const hours = [...plan.hours_before].sort((a, b) => b - a).join(", ");
  const ways = plan.channels.map((way) => WAYS[way]?.() ?? way).join(", ");
  return html`<ul class="rules">
    <li>${ways && hours ? t("Clients are reminded {hours} hours before a session. By which ways: {ways}.", { hours, ways }) : t("Clients are not reminded.")}</li>
    ${ways && plan.on_booking && html`<li>${t("Each booking is confirmed at once.")}</li>`}
    <li>${t("Nothing is sent from {from} to {to}, by the client's clock.", { from: plan.quiet_from, to: plan.quiet_to })}</li>
    <li>${t("In an emergency clients are told to call {phone}.", { phone: plan.emergency_phone || "–" })}</li>
  </ul>`;
}
