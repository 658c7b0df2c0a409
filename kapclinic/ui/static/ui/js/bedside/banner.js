// Who this is, on top of the page: never shortened, and what is not known is said to be so.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, date } from "../core/time.js";
import { mg } from "./words.js";

function age(born, at) {
  const [year, month, day] = born.split("-").map(Number);
  const today = new Date(at);
  const before = today.getMonth() + 1 < month || (today.getMonth() + 1 === month && today.getDate() < day);
  return today.getFullYear() - year - (before ? 1 : 0);
}

export function Banner({ data, zone, at, onHelp }) {
  return html`<header class="who">
    <a class="b s" href="/bedside" aria-label=${t("Back to the ward")}><${Icon} name="left" /> ${t("Ward")}</a>
    ${data ? html`<${Person} data=${data} zone=${zone} at=${at} />` : html`<div class="name">${t("The server has not answered yet: go by the wristband")}</div>`}
    <span class="grow"></span>
    <button type="button" class="b high" onClick=${onHelp}><${Icon} name="phone" />${t("Call for help")}</button>
  </header>`;
}

function Person({ data, zone, at }) {
  const { client, session, given, orders } = data;
  const doses = given.filter((row) => !row.voided);
  const order = orders.filter((row) => !row.waits).at(-1);
  return html`<div>
      <h1 class="name">${session.client_name} <small>${[client.chosen_name, client.pronouns].filter(Boolean).join(" · ")}</small></h1>
      <span class="small quiet">${date(client.date_of_birth)} (${t("{n} y", { n: age(client.date_of_birth, at) })}) · ${client.mrn}</span>
    </div>
    <dl class="facts">
      <div class="w"><dt>${t("Weight")}</dt><dd>${session.weight_kg ? `${session.weight_kg} kg` : t("not weighed")}</dd></div>
      <div><dt>${t("Given")}</dt><dd>${doses.length ? doses.map((row) => `${mg(row.given_mg ?? row.dose_mg)} ${clock(row.administered_at, zone)}`).join(", ") : t("nothing yet")}</dd></div>
      <div class="w"><dt>${t("Order")}</dt><dd>${order ? t("max {mg}", { mg: mg(order.max_total_mg ?? order.dose_mg) }) : t("none")}</dd></div>
    </dl>`;
}
