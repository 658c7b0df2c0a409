// /intake/{program}: what staff fill in with a client before a course, and again in it: one tab each, nothing of it twice.
import { get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { has, me } from "../core/me.js";
import { words } from "../core/problem.js";
import { useLoaded, zoneOf } from "../care/loaded.js";
import { Who } from "../care/who.js";
import { begin, Frame } from "../frame/frame.js";

const Finder = lazy(() => import("./finder.js"), "Finder");
const PARTS = {
  screening: lazy(() => import("./screening.js"), "Screening"),
  measures: lazy(() => import("./measures.js"), "Measures"),
  medicines: lazy(() => import("./medicines.js"), "Medicines"),
  tests: lazy(() => import("./tests.js"), "Tests"),
  consents: lazy(() => import("./consents.js"), "Consents"),
  links: lazy(() => import("../links/links.js"), "Links"),
};
const CLINICAL = ["nurse_practitioner", "therapist", "prescriber", "medical_director"];
const TABS = () => [
  ["screening", t("Screening"), "1"],
  ["measures", t("Measures"), "2"],
  ["medicines", t("Medicines"), "3"],
  ["tests", t("Tests"), "4"],
  ["consents", t("Consents"), "5"],
  ["links", t("Links"), "6"],
];

/** The tabs of this person's roles: the front desk collects consents and sends links. */
const tabsOf = () => TABS().filter(([name]) => ["consents", "links"].includes(name) || has(...CLINICAL));

async function aboutOf(id) {
  const program = await get(`programs/${id}/`);
  const clinical = has(...CLINICAL);
  const [banner, protocol] = await Promise.all([get(`clients/${program.client}/banner/`), clinical ? get(`protocols/${program.protocol}/`) : null]);
  return { client: program.client, program, banner, protocol, zone: zoneOf(program) };
}

const idNow = () => location.pathname.split("/")[2] ?? "";
const tabNow = () => new URLSearchParams(location.search).get("tab");

function Intake() {
  const [tab, set] = useState(tabNow());
  useEffect(() => {
    const back = () => set(tabNow());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const id = idNow();
  const tabs = tabsOf();
  const shown = (tabs.find(([name]) => name === tab) ?? tabs[0])[0];
  const go = (name) => {
    history.pushState(null, "", `/intake/${id}?tab=${name}`);
    set(name);
  };
  useKeys(id ? Object.fromEntries(tabs.map(([name, , key]) => [key, () => go(name)])) : {});
  return html`<${Frame} current="intake" keys=${tabs.map(([, word, key]) => [key, word])}>
    ${id ? html`<${Client} id=${id} tabs=${tabs} shown=${shown} go=${go} />` : html`<${Finder} onClose=${() => {}} />`}
  <//>`;
}

function Client({ id, tabs, shown, go }) {
  const about = useLoaded(id, () => aboutOf(id));
  useEffect(() => void document.getElementById(`tab-${shown}`)?.scrollIntoView({ block: "nearest", inline: "nearest" }), [shown, !about.data]);
  if (!about.data) {
    return about.problem
      ? html`<div class="empty"><p role="alert">${about.problem.status === 404 ? t("There is no such course, or it is not at your clinic.") : words(about.problem)}</p><button type="button" class="b" onClick=${about.again}>${t("Try again")}</button></div>`
      : html`<div class="skels" aria-hidden="true"><span class="skel" /><span class="skel" /><span class="skel" /></div>`;
  }
  const Part = PARTS[shown];
  const reads = !me.get().locations.includes(about.data.program.location); // through an opening in an emergency
  return html`<div class="in">
    <${Who} about=${about.data}><div><dt>${t("Course")}</dt><dd><a href=${`/programs/${id}/plan`}>${t("Course plan")}</a></dd></div><//>
    <div class="tabs" role="tablist" aria-label=${t("What to fill in")}>
      ${tabs.map(([name, word, key]) => html`<button key=${name} type="button" role="tab" id=${`tab-${name}`} aria-selected=${name === shown ? "true" : "false"} aria-controls="part" onClick=${() => go(name)}>${word} <kbd>${key}</kbd></button>`)}
    </div>
    <div class="in-b" id="part" role="tabpanel" aria-labelledby=${`tab-${shown}`} tabindex="0">${reads && html`<p class="note"><${Icon} name="lock" /><span>${t("A record of another location: you only read.")}</span></p>`}
      <fieldset disabled=${reads}><${Part} key=${shown} about=${about.data} program=${about.data.program} zone=${about.data.zone} onAbout=${about.again} onClose=${() => {}} /></fieldset></div>
  </div>`;
}

begin(() => html`<${Intake} />`);
