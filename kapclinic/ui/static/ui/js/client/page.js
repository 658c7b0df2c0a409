// /clients/…: one client: the course on one axis, what comes next, and the parts of the record as tabs.
import { useAddress } from "../lists/address.js";
import { announce } from "../core/announce.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { has, locations, me, place } from "../core/me.js";
import { lazy } from "../core/lazy.js";
import { useOne } from "../lists/list.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { begin, Frame } from "../frame/frame.js";
import { useNow } from "../frame/net.js";
import { CourseCard } from "./course.js";
import { Head } from "./head.js";
import { id, useCourse, usePrograms } from "./known.js";
import { Next } from "./next.js";

const Notes = lazy(() => import("./notes.js"), "Notes");
const Screening = lazy(() => import("./screening.js"), "Screening");
const Medicines = lazy(() => import("./medicines.js"), "Medicines");
const Documents = lazy(() => import("./documents.js"), "Documents");
const Sessions = lazy(() => import("./sessions.js"), "Sessions", { early: true });
const ScoresCard = lazy(() => import("./scores.js"), "ScoresCard", { early: true, pane: true });
const Scores = lazy(() => import("./measures.js"), "Scores");
const Links = lazy(() => import("../links/links.js"), "Links");
const Charges = lazy(() => import("./charges.js"), "Charges");
const Band = lazy(() => import("../glass/band.js"), "Band", { pane: true });
const Access = lazy(() => import("./access.js"), "Access");

const CLINICAL = ["nurse_practitioner", "therapist", "prescriber", "medical_director"];
const OLD = 60000; // whoever comes back to the page after so many ms sees the course anew

/** Tab -> [label, part, who has it]: what a role may not read has no tab. */
const TABS = {
  course: [() => t("Course"), null, ["front_desk", "billing", ...CLINICAL]],
  notes: [() => t("Notes"), Notes, CLINICAL],
  screening: [() => t("Screening"), Screening, CLINICAL],
  medicines: [() => t("Medicines"), Medicines, CLINICAL],
  scores: [() => t("Scores"), Scores, CLINICAL],
  documents: [() => t("Documents"), Documents, ["front_desk", ...CLINICAL]],
  links: [() => t("Links"), Links, ["front_desk", ...CLINICAL]],
  access: [() => t("Who looked"), Access, ["medical_director"]],
};

function ClientPage() {
  const [said, go] = useAddress();
  const [turn, turned] = useState(0);
  const at = useNow(30000);
  const here = useStore(place);
  const banner = usePoll(`clients/${id}/banner/`, {}, 30);
  const client = useOne(`clients/${id}/`, {}, turn);
  const programs = usePrograms(turn);
  const rows = programs.rows ?? [];
  const program = rows.find((row) => row.id === said.program) ?? rows[0];
  const course = useCourse(program, turn);
  const again = () => turned((n) => n + 1);
  useComingBack(course.at, again);
  const elsewhere = isElsewhere(client.data);
  const tabs = Object.keys(TABS).filter((name) => has(...TABS[name][2]) && !(elsewhere && name === "links"));
  const tab = tabs.includes(said.tab) ? said.tab : "course";
  const zone = useStore(locations).find((row) => row.id === program?.location)?.time_zone ?? here.time_zone;
  const clinical = has(...CLINICAL);
  useKeys({ p: () => window.print(), r: again });
  const over = elsewhere && banner.problem?.status === 404; // the right to read it is over, and so is what was read
  const lost = banner.problem && (over || !banner.data) ? banner.problem : null;
  if (lost) return html`<${Frame} current="client" keys=${KEYS()}><${Lost} problem=${lost} again=${banner.again} /><//>`;
  const common = { banner: banner.data, client: client.data, program, programs: rows, course: course.data, at, zone, clinical, said, go, turn, elsewhere };
  return html`<${Frame} current="client" keys=${KEYS()}>
    <div class="cp">
      ${elsewhere && html`<${Band} client=${id} />`}
      <${Head} ...${common} />
      ${banner.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span>${words(banner.problem)}</span><button type="button" class="b s" onClick=${banner.again}>${t("Try again")}</button></p>`}
      ${client.data?.merged_into && html`<p class="note med"><${Icon} name="warn" /><span>${t("This registration is the same person as another.")} <a href=${`/clients/${client.data.merged_into}`}>${t("Open the other one")}</a></span></p>`}
      ${tabs.length > 1 && html`<${Tabs} names=${tabs} tab=${tab} go=${go} />`}
      <div class="cp-b" role=${tabs.length > 1 ? "tabpanel" : undefined} id="panel" aria-labelledby=${tabs.length > 1 ? `tab-${tab}` : undefined} tabindex="-1">
        <${Part} key=${tab} tab=${tab} common=${common} course=${course} programs=${programs} again=${again} />
      </div>
    </div>
  <//>`;
}

/** Is this client at no location of whoever reads? Then it was opened in an emergency, and nothing is written here. */
function isElsewhere(client) {
  return !!client && has(...CLINICAL) && !client.locations.some((place) => me.get().locations.includes(place));
}

/** What is on the chosen tab. @param {{tab: string, common: any, course: any, programs: any, again: () => void}} props */
function Part({ tab, common, course, programs, again }) {
  const Tab = TABS[tab][1];
  if (Tab) return html`<div class="one"><${Tab} ...${common} onClose=${() => common.go({ tab: null })} /></div>`;
  if (programs.problem && !programs.rows) return html`<p class="note med" role="status"><${Icon} name="warn" /><span>${words(programs.problem)}</span><button type="button" class="b s" onClick=${again}>${t("Try again")}</button></p>`;
  if (programs.rows && !programs.rows.length) return html`<p class="quiet pad">${t("This client has no program yet.")}</p>`;
  if (!common.program) return html`<div class="skels" aria-hidden="true">${[1, 2, 3, 4].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`;
  return html`<div class="cg">
    <${CourseCard} ...${common} course=${course} again=${again} />
    <${Next} ...${common} />
    <${Sessions} ...${common} onClose=${() => {}} />
    ${common.clinical ? html`<${ScoresCard} ...${common} />` : html`<${Charges} ...${common} onClose=${() => {}} />`}
  </div>`;
}

/** Somebody was in another window for a while: what they come back to is asked anew. */
function useComingBack(since, again) {
  useEffect(() => {
    const back = () => !document.hidden && since && Date.now() - since > OLD && again();
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, [since]);
}

function Tabs({ names, tab, go }) {
  const step = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = names[(names.indexOf(tab) + by + names.length) % names.length];
    show(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  const show = (name) => {
    go({ tab: name === "course" ? null : name });
    announce(TABS[name][0]());
  };
  return html`<div class="tb"><div class="tabs" role="tablist" aria-label=${t("Parts of the record")} onKeyDown=${step}>
    ${names.map((name) => html`<button type="button" role="tab" id=${`tab-${name}`} key=${name} aria-selected=${name === tab} aria-controls="panel" tabindex=${name === tab ? 0 : -1} onClick=${() => show(name)}>${TABS[name][0]()}</button>`)}
  </div></div>`;
}

function Lost({ problem, again }) {
  return html`<div class="failed">
    <h1>${problem.status === 404 ? t("There is no such client here") : t("This client can't be shown")}</h1>
    <p>${words(problem)}</p>
    <p class="row"><a class="b" href="/">${t("Home")}</a><button type="button" class="b go" onClick=${again}>${t("Try again")}</button></p>
  </div>`;
}

function KEYS() {
  return [["← →", t("Tab before, tab after")], ["r", t("Ask for the course again")], ["p", t("Print the page")]];
}

begin(() => html`<${ClientPage} />`);
