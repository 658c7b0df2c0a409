// Who this is, on top of the page, and what must not be overlooked; a role that reads less sees less.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { has } from "../core/me.js";
import { date, dayIn } from "../core/time.js";
import { causeName } from "./causes.js";
import { id } from "./known.js";

/** @param {{banner: any, client: any, program: any, zone: string, go: (change: object) => void, elsewhere: boolean}} props `elsewhere`: it is read in an emergency, and nothing is booked */
export function Head({ banner, client, program, zone, go, elsewhere }) {
  const full = banner && "allergies" in banner;
  return html`<header class="who">
    <div>
      <h1 class="name">${banner?.name ?? "…"} <small>${banner?.pronouns}</small></h1>
      <span class="small quiet">${banner?.date_of_birth && html`${date(banner.date_of_birth)} (${t("{n} y", { n: banner.age })}) · `}${banner?.mrn ?? client?.mrn}${client?.phone && html` · <a href=${`tel:${client.phone}`}>${client.phone}</a>`}</span>
    </div>
    <dl class="facts">${full && html`<${Facts} banner=${banner} program=${program} zone=${zone} />`}
      ${banner && "contact" in banner && html`<div class=${banner.consent ? "" : "warn"}><dt>${t("Consent")}</dt><dd>${banner.consent ? t("signed") : t("not signed")}</dd></div>`}</dl>
    <span class="grow"></span>
    <div class="row wrap">
      ${client?.died_on && html`<span class="chip"><${Icon} name="info" />${t("died {date}", { date: date(client.died_on) })}</span>`}
      ${full && banner.alerts.map((row) => html`<button type="button" key=${row.id} class="chip high-soft" onClick=${() => go({ tab: "screening" })}><${Icon} name="shield" />${causeName(row.cause)}</button>`)}
      ${full && banner.safety_plan && html`<button type="button" class="chip high-soft" onClick=${() => go({ tab: "screening" })}><${Icon} name="shield" />${t("Safety plan on file")}</button>`}
      ${has("billing", "medical_director") && html`<a class="b s" href=${`/billing/clients/${id}`}>${t("Account")}</a>`}
      ${program && !elsewhere && !onlyBills() && html`<a class="b s" href=${`/programs/${program.id}/plan`}>${t("Course plan")}</a>`}
    </div>
  </header>`;
}

function onlyBills() {
  return !has("front_desk", "nurse_practitioner", "therapist", "prescriber", "medical_director");
}

const CONSENT = { signed: () => t("Treatment"), lapsed: () => t("too old"), revoked: () => t("taken back"), none: () => t("not signed") };
const CLEARANCE = {
  suspended: () => t("under review"),
  expired: () => t("expired"),
  voided: () => t("voided"),
  declined: () => t("declined"),
  deferred: () => t("deferred"),
  none: () => t("none"),
};

function Facts({ banner, program, zone }) {
  const { allergies, clearance, consent, weight } = banner;
  const listed = allergies.results.map((row) => [row.substance, row.reaction].filter(Boolean).join(": ")).join("; ");
  const words = { listed, none_known: t("none known"), none_recorded: t("none recorded") }[allergies.state];
  const loud = allergies.state !== "none_known";
  const stands = clearance.state === "standing";
  const signed = consent.state === "signed";
  return html`<div class=${loud ? "warn" : ""}><dt>${t("Allergies")}</dt><dd class="long">${loud && html`<${Icon} name="warn" /> `}${words}</dd></div>
    <div><dt>${t("Weight")}</dt><dd>${weight ? t("{kg} kg, {day}", { kg: Number(weight.weight_kg), day: date(dayIn(weight.weighed_at, zone)) }) : t("not weighed")}</dd></div>
    <div class=${stands ? "" : "warn"}><dt>${stands && clearance.expires_on ? t("Cleared until") : t("Clearance")}</dt><dd>${stands ? (clearance.expires_on ? date(clearance.expires_on) : t("stands")) : html`<${Icon} name="warn" /> ${CLEARANCE[clearance.state]()}`}</dd></div>
    <div class=${signed ? "" : "warn"}><dt>${t("Consent")}</dt><dd><${Icon} name=${signed ? "ok" : "warn"} /> ${CONSENT[consent.state]()}</dd></div>
    ${program?.diagnosis && html`<div><dt>${t("Diagnosis")}</dt><dd>${program.diagnosis}</dd></div>`}`;
}
