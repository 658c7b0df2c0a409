// What stands around every screen: bar, rail, search, badge, and the dialogs that any page may need.
import { askToSignIn, doubted, settle } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, show, useEffect } from "../core/h.js";
import { learnTold, many, t } from "../core/i18n.js";
import { over, useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { arrive, has, me, place } from "../core/me.js";
import { words } from "../core/problem.js";
import { store, useStore } from "../core/store.js";
import { clock, day, minutesOff, zoneName } from "../core/time.js";
import { beginSending, disk, othersWaiting, outbox, signedOut } from "../outbox/outbox.js";
import { Idle } from "./idle.js";
import { Mark } from "./mark.js";
import { Menu } from "./menu.js";
import { NetBadge, useNow } from "./net.js";
import { keepShell } from "./worker.js";

const SignInForm = lazy(() => import("../signin/form.js"), "SignInForm", { early: true });
const StepUp = lazy(() => import("../signin/stepup.js"), "StepUp");
const Keys = lazy(() => import("./keys.js"), "Keys");
const Leaving = lazy(() => import("./leaving.js"), "Leaving", { early: true }); // asked for when the network is away, too
const Search = lazy(() => import("./search.js"), "Search", { early: true }); // whoever presses / types on at once
const Waiting = lazy(() => import("./waiting.js"), "Waiting", { early: true });

const inView = (link) => link?.scrollIntoView({ block: "nearest" }); // on a phone the rail scrolls
const asked = store(null); // who waits for somebody to sign in again

/** @param {{current: string, count?: Record<string, number>, keys: [string, string][], children: any}} props */
export function Frame({ current, count = {}, keys = [], children }) {
  useKeys({
    "/": () => finds() && over.set("search"),
    "?": () => over.set("keys"),
    "g d": () => location.assign("/desk/schedule"),
    "g w": () => location.assign("/bedside"),
    "g n": () => location.assign("/notes"),
    "g b": () => location.assign("/billing"),
    "g p": () => location.assign("/decide"),
    "g i": () => location.assign("/intake"),
    "g a": () => location.assign("/people"),
  });
  const shown = useStore(over);
  const close = () => over.set(null);
  return html`<div class="app">
    <${Bar} />
    <${Rail} current=${current} count=${count} />
    <main class="main">
      <div class="strips"><${Strips} /></div>
      ${children}
    </main>
    ${shown === "search" && html`<${Search} onClose=${close} />`}
    ${shown === "keys" && html`<${Keys} more=${keys} onClose=${close} />`}
    ${shown === "waiting" && html`<${Waiting} onClose=${close} />`}
    ${shown === "leave" && html`<${Leaving} onClose=${close} />`}
    ${useStore(doubted).length > 0 && html`<${StepUp} onClose=${() => settle(1)} />`}
    <${Again} />
  </div>`;
}

function Bar() {
  const here = useStore(place);
  const at = useNow(15000);
  const zone = here?.time_zone ?? "UTC";
  return html`<header class="bar">
    <a class="mark" href="/" aria-label=${t("Home")}><${Mark} /></a>
    <div class="where">
      <b>${here?.name}</b>
      <span>${clock(at, zone)} ${zoneName(at, zone)} · ${day(at, zone)}</span>
    </div>
    <div class="grow"></div>
    ${finds() &&
    html`<button type="button" class="find" onClick=${() => over.set("search")}>
      <${Icon} name="find" /><span class="cut">${t("Find a client: name, MRN, phone, date of birth")}</span><kbd>/</kbd>
      <span class="vh">${t("Search")}</span>
    </button>`}
    <div class="grow"></div>
    <${NetBadge} onOpen=${() => over.set("waiting")} />
    <${Menu} onLeave=${() => over.set("leave")} />
  </header>`;
}

function Rail({ current, count }) {
  const bills = has("billing") || location.pathname.startsWith("/billing");
  const links = [
    { id: "director", href: "/director", icon: "gauge", label: t("Overview"), shown: has("medical_director") },
    { id: "day", href: "/desk/schedule", icon: "cal", label: t("Day"), shown: has(...DESK) },
    { id: "todo", href: "/desk/worklist", icon: "list", label: t("To do"), shown: has(...DESK) },
    { id: "waitlist", href: "/desk/waitlist", icon: "wait", label: t("Waitlist"), shown: has(...DESK) },
    { id: "away", href: "/desk/absences", icon: "door", label: t("Away"), shown: has(...DESK) },
    { id: "decide", href: "/decide", icon: "shield", label: t("Decide"), shown: has("prescriber", "medical_director") },
    { id: "ward", href: "/bedside", icon: "heart", label: t("Ward"), shown: has(...CLINICAL) },
    { id: "notes", href: "/notes", icon: "pen", label: t("Notes"), shown: has(...CLINICAL) },
    { id: "intake", href: "/intake", icon: "doc", label: t("Intake"), shown: has(...DESK, ...CLINICAL) },
    { id: "client", href: location.pathname, icon: "people", label: t("Client"), shown: current === "client" },
    { id: "safe", href: "/safe", icon: "vial", label: t("Safe"), shown: has("nurse_practitioner", "prescriber", "medical_director") },
    { id: "ready", href: "/billing", icon: "coin", label: bills ? t("Ready") : t("Billing"), shown: has("billing", "medical_director") },
    { id: "bills", href: "/billing?tab=issued", icon: "doc", label: t("Bills"), shown: bills },
    { id: "exports", href: "/billing?tab=exports", icon: "box", label: t("Exports"), shown: bills },
    { id: "clients", href: "/billing/clients", icon: "people", label: t("Clients"), shown: bills },
    { id: "people", href: "/people", icon: "people", label: t("People"), shown: has("admin", "medical_director") },
    { id: "status", href: "/status", icon: "gauge", label: t("System"), shown: has("admin") },
  ];
  return html`<nav class="rail" aria-label=${t("Sections")}>
    ${links
      .filter((link) => link.shown)
      .map(
        (link) => html`<a key=${link.id} href=${link.href} aria-current=${link.id === current ? "page" : undefined} ref=${link.id === current ? inView : undefined}>
          <${Icon} name=${link.icon} />${link.label}
          ${count[link.id] > 0 && html`<span class=${link.id === "ward" ? "count high" : "count"}>${count[link.id]}</span>`}
        </a>`,
      )}
    <button type="button" class="end" onClick=${() => over.set("keys")}>
      <${Icon} name="info" />${t("Keys")}<span class="vh">${t(", press question mark")}</span>
    </button>
    <button type="button" onClick=${() => over.set("leave")}><${Icon} name="out" />${t("Sign out")}</button>
  </nav>`;
}

const DESK = ["front_desk", "medical_director"];
/** Whoever only administers is shown no client. */
const finds = () => has(...CLINICAL, "front_desk", "billing");
const CLINICAL = ["nurse_practitioner", "therapist", "prescriber", "medical_director"];

function Strips() {
  const [items, kept] = [useStore(outbox), useStore(disk)];
  const person = useStore(me);
  useNow(30000);
  const off = minutesOff();
  return html`<${Idle} />
    ${kept === "refused" &&
    html`<p class="strip" role="alert">
      <b>${t("This browser keeps nothing: do not close this page before all is on the server.")}</b>
    </p>`}
    ${off !== 0 &&
    html`<p class="strip">
      ${many(Math.abs(off), "This tablet's clock is {n} min off. Readings carry the clinic's time.", "This tablet's clock is {n} min off. Readings carry the clinic's time.")}
    </p>`}
    ${othersWaiting(person?.id, items).map(
      (one) => html`<p class="strip" key=${one.owner}>
        <${Icon} name="off" />${many(one.count, "{n} entry by {name} waits here for their sign-in.", "{n} entries by {name} wait here for their sign-in.", { name: one.name })}
      </p>`,
    )}`;
}

/** Signing in over the page: the same person goes on, another one gets an empty page. */
function Again() {
  const [waiting, out, person] = [useStore(asked), useStore(signedOut), useStore(me)];
  if (!waiting && !out) return null;
  const entered = (who) => {
    const held = who.id !== person.id ? "/" : who.password_change_required ? "/password" : who.second_factor_enrolment_required && "/second-factors";
    if (held) return location.assign(held);
    signedOut.set(false);
    asked.set(null);
    me.set(who);
    for (const resume of waiting ?? []) resume();
  };
  return html`<${Dialog} title=${t("Sign in again")} onClose=${() => {}} stays>
    <div class="db fm2">
      <p>${t("You were signed out. Nothing on this page is lost.")}</p>
      <${SignInForm} email=${person.email} onEntered=${entered} />
    </div>
  <//>`;
}

function ask() {
  return new Promise((resume) => {
    asked.set([...(asked.get() ?? []), resume]);
  });
}

/**
 * Start a page: who is here, then its tree. Without an answer the page says so, and tries again.
 *
 * @param {(person: object) => any} tree
 */
export async function begin(tree) {
  askToSignIn(ask);
  try {
    await Promise.all([arrive(), learnTold()]);
  } catch (problem) {
    if (problem.code === "second_factor_enrolment_required") return location.assign("/second-factors");
    if (problem.status === 401) {
      location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
      return;
    }
    if (problem.code === "password_change_required") {
      location.assign("/password");
      return;
    }
    show(html`<${Failed} problem=${problem} again=${() => begin(tree)} />`);
    return;
  }
  beginSending();
  show(tree());
  keepShell();
}

function Failed({ problem, again }) {
  useEffect(() => {
    const timer = setTimeout(again, 5000);
    return () => clearTimeout(timer);
  }, []);
  return html`<main class="failed">
    <h1>${t("The clinic's server does not answer")}</h1>
    <p>${words(problem)}</p>
    <button type="button" class="b go" onClick=${again}>${t("Try again")}</button>
  </main>`;
}
