// Who this is, on top of the page: never shortened, and what is not known is said to be so.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, date, dayIn } from "../core/time.js";
import { standingOrder } from "./orders.js";
import { mg } from "./words.js";

/** @param {{data: object | null, zone: string, at: number, onHelp: () => void, onAllergies: () => void}} props */
export function Banner({ data, zone, at, onHelp, onAllergies }) {
  return html`<header class="who">
    <a class="b s" href="/bedside" aria-label=${t("Back to the ward")}><${Icon} name="left" /> ${t("Ward")}</a>
    ${data ? html`<${Person} data=${data} zone=${zone} at=${at} onAllergies=${onAllergies} />` : html`<div class="name">${t("The server has not answered yet: go by the wristband")}</div>`}
    <span class="grow"></span>
    <button type="button" class="b high" onClick=${onHelp}><${Icon} name="phone" />${t("Call for help")}</button>
  </header>`;
}

function Person({ data, zone, at, onAllergies }) {
  const { banner, given, orders, session } = data;
  const doses = given.filter((row) => !row.voided);
  const order = standingOrder(orders);
  return html`<div>
      <h1 class="name">${banner.name} <small>${banner.pronouns}</small></h1>
      <span class="small quiet">${date(banner.date_of_birth)} (${t("{n} y", { n: banner.age })}) · ${banner.mrn} · <a href=${`/programs/${session.program}/plan`}>${t("Course plan")}</a></span>
    </div>
    <dl class="facts">
      <${Allergies} allergies=${banner.allergies} onOpen=${onAllergies} />
      <div class="w"><dt>${t("Weight")}</dt><dd>${weighed(banner, session, zone, at)}</dd></div>
      <div><dt>${t("Given")}</dt><dd>${doses.length ? doses.map((row) => `${mg(row.given_mg ?? row.dose_mg)} ${clock(row.administered_at, zone)}`).join(", ") : t("nothing yet")}</dd></div>
      <div class="w"><dt>${t("Order")}</dt><dd>${order ? t("max {mg}", { mg: mg(order.max_total_mg ?? order.dose_mg) }) : t("none")}</dd></div>
      ${banner.consent.state !== "signed" && html`<div class="warn"><dt>${t("Consent")}</dt><dd><${Icon} name="warn" /> ${CONSENT[banner.consent.state]()}</dd></div>`}
      ${banner.clearance.state !== "standing" && html`<div class="warn"><dt>${t("Clearance")}</dt><dd><${Icon} name="warn" /> ${CLEARANCE[banner.clearance.state]()}</dd></div>`}
      ${banner.alerts.length > 0 && html`<div class="warn"><dt>${t("Safety")}</dt><dd><${Icon} name="warn" /> ${banner.safety_plan ? t("alert, plan on file") : t("alert, no plan")}</dd></div>`}
    </dl>`;
}

const CONSENT = { lapsed: () => t("too old"), revoked: () => t("taken back"), none: () => t("not signed") };
const CLEARANCE = {
  suspended: () => t("under review"),
  expired: () => t("expired"),
  voided: () => t("voided"),
  declined: () => t("declined"),
  deferred: () => t("deferred"),
  none: () => t("none"),
};

/** Three states, which are three different words. */
function Allergies({ allergies, onOpen }) {
  const listed = allergies.results.map((row) => [row.substance, row.reaction].filter(Boolean).join(": ")).join("; ");
  const words = { listed, none_known: t("none known"), none_recorded: t("none recorded") }[allergies.state];
  const loud = allergies.state !== "none_known";
  return html`<div class=${loud ? "warn" : ""}><dt>${t("Allergies")}</dt>
    <dd><button type="button" class="b bare plainly" disabled=${!onOpen} onClick=${onOpen}>${loud && html`<${Icon} name="warn" /> `}${words}</button></dd></div>`;
}

/** "72.4 kg today", or with the day it was weighed. */
function weighed({ weight }, session, zone, at) {
  if (session.weight_kg) return t("{kg} kg today", { kg: Number(session.weight_kg) });
  if (!weight) return t("not weighed");
  const day = dayIn(weight.weighed_at, zone);
  if (day === dayIn(at, zone)) return t("{kg} kg today", { kg: Number(weight.weight_kg) });
  return t("{kg} kg, {day}", { kg: Number(weight.weight_kg), day: date(day) });
}
