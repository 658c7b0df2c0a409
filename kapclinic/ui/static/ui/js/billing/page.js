// /billing: what is to be billed and what stops it on the left, the page that the client gets on the right.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { begin, Frame } from "../frame/frame.js";
import { Chosen, ToBill } from "./bill.js";
import { sum } from "../core/cents.js";
import { Strip } from "./jobs.js";
import { To } from "./parts.js";
import { Period } from "./period.js";
import { TABS, toBill, useWork } from "./work.js";

const Pane = lazy(() => import("./pane.js"), "Pane", { early: true });
const Blocked = lazy(() => import("./blocked.js"), "Blocked", { early: true });
const Issued = lazy(() => import("./issued.js"), "Issued", { early: true });
const Exports = lazy(() => import("./exports.js"), "Exports", { early: true });
const Payments = lazy(() => import("./payments.js"), "Payments", { early: true });
const AskExport = lazy(() => import("./asking.js"), "AskExport");
const AskRun = lazy(() => import("./asking.js"), "AskRun");
const IN_RAIL = { issued: "bills", exports: "exports" };

/** A part of the page that could not be fetched comes with the page. */
const again = () => location.reload();

function Billing() {
  const work = useWork();
  const { tab, picked, current, charging, dialog } = work;
  const issue = () => {
    if (picked.bills.length > 1) work.ask("run");
    else if (picked.bills.length === 1 && current?.client?.id !== picked.bills[0].client.id) work.open(picked.bills[0].session.id);
    else work.press.current?.();
  };
  const charge = () => charging.run(picked.ready);
  const ask = () => work.ask("export");
  useKeys({ e: ask, i: issue, ...(picked.ready.length ? { c: charge } : {}) });
  const run = () => (work.leave(picked.charged.map((row) => row.session.id)), work.asked());
  const shared = { period: work.period, here: work.here, onDone: work.asked, onClose: work.close };
  return html`<${Frame} current=${IN_RAIL[tab] ?? "ready"} count=${{ ready: toBill(work.lists) }} keys=${KEYS()}>
    <div class="bl">
      <section class="wk" aria-labelledby="what">
        <${Top} work=${work} />
        <${Tabs} tab=${tab} lists=${work.lists} jobs=${work.jobs} go=${work.go} />
        <div class="tp" role="tabpanel" aria-labelledby=${`tab-${tab}`}><${Shown} work=${work} ask=${ask} /></div>
        <${Charged} charging=${charging} nav=${work.nav} />
        ${tab === "bill" && html`<${Chosen} picked=${picked} staffed=${!!work.said.staff} charging=${charging} onCharge=${charge} onIssue=${issue} onExport=${ask} onClear=${() => work.choose(new Set())} />`}
        ${tab !== "exports" && html`<${Strip} jobs=${work.jobs} nav=${work.nav} />`}
      </section>
      <${Right} work=${work} />
    </div>
    ${dialog === "export" && html`<${AskExport} ...${shared} />`}
    ${dialog === "run" && html`<${AskRun} rows=${picked.bills} total=${sum(picked.charged.map((row) => row.totals.amount))} ...${shared} onDone=${run} />`}
  <//>`;
}

/** The rows of the tab. */
function Shown({ work, ask }) {
  const { tab, lists, jobs, chosen, choose } = work;
  const shared = { current: work.current, nav: work.nav, said: work.said, open: work.open, staff: work.staff, onClose: again };
  if (tab === "blocked") return html`<${Blocked} blocked=${lists.blocked} review=${lists.review} ...${shared} />`;
  if (tab === "issued") return html`<${Issued} list=${lists.issued} ...${shared} />`;
  if (tab === "exports") return html`<${Exports} jobs=${jobs} ask=${ask} ...${shared} />`;
  if (tab === "payments") return html`<${Payments} list=${lists.payments} ...${shared} />`;
  return html`<${ToBill} ready=${lists.ready} charged=${lists.charged} chosen=${chosen} choose=${choose} ...${shared} />`;
}

/** The one thing that is chosen, below a word on what was just done. */
function Right({ work }) {
  const { told, nav } = work;
  return html`<aside class="pv" aria-label=${t("The chosen row")}>
    ${told && html`<p class="note brand" role="status"><${Icon} name="ok" /><span class="grow">${told.words}${told.change && html` <${To} ...${nav} change=${told.change}>${t("Open it")}<//>`}</span></p>`}
    <${Pane} work=${work} onClose=${again} />
  </aside>`;
}

function Top({ work }) {
  const { tab, said, period, today, staff, nav } = work;
  const titles = { bill: t("Ready to bill"), blocked: t("Blocked"), issued: t("Superbills issued"), exports: t("Exports"), payments: t("Payments") };
  const clinical = [...staff.values()].filter((one) => one.roles.some((role) => ["therapist", "nurse_practitioner", "prescriber"].includes(role)));
  const fresh = (change) => nav.go({ ...change, row: null, view: null });
  return html`<header class="bh"><h1 class="grow" id="what">${titles[tab]}</h1>
    ${said.client && html`<span class="small">${t("One client alone.")} <${To} ...${nav} change=${{ client: null, row: null }}>${t("Show all")}<//></span>`}
    ${tab !== "exports" && html`<${Period} period=${period} today=${today} go=${fresh} />`}
    ${["bill", "blocked"].includes(tab) && html`<select aria-label=${t("Clinician")} value=${said.staff ?? ""} onChange=${(event) => fresh({ staff: event.target.value || null })}>
      <option value="">${t("All clinicians")}</option>${clinical.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}</select>`}
  </header>`;
}

function Tabs({ tab, lists, jobs, go }) {
  const both = (a, b) => (a.count === undefined || b.count === undefined ? undefined : a.count + b.count);
  const counts = { bill: toBill(lists), blocked: both(lists.blocked, lists.review), issued: lists.issued.count, exports: jobs.data ? jobs.count : undefined, payments: lists.payments.count };
  const names = { bill: t("To bill"), blocked: t("Blocked"), issued: t("Issued"), exports: t("Exports"), payments: t("Payments") };
  const choose = (name) => go({ tab: name === "bill" ? null : name, row: null, only: null, view: null });
  const step = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = by && TABS[TABS.indexOf(tab) + by];
    if (!next) return;
    event.preventDefault();
    choose(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return html`<div class="tabs bt" role="tablist" aria-label=${t("What is shown")} onKeyDown=${step}>${TABS.map((name) => html`<button type="button" role="tab" key=${name} id=${`tab-${name}`} aria-selected=${name === tab ? "true" : "false"} tabindex=${name === tab ? 0 : -1} onClick=${() => choose(name)}>${names[name]}${counts[name] !== undefined && html`<small>${counts[name]}</small>`}</button>`)}</div>`;
}

/** What came of charging several at once: those that were not, each with why. */
function Charged({ charging, nav }) {
  if (!charging.failed.length && !charging.stopped) return null;
  return html`<div class="note high" role="alert"><${Icon} name="stop" /><div class="grow">
    ${charging.stopped && html`<p>${t("It stopped at {n} of {all}: no answer from the server. Choose the rest again; none is charged twice.", { n: charging.done, all: charging.total })}</p>`}
    ${charging.failed.map(({ row, why }) => html`<p key=${row.session.id}><${To} ...${nav} change=${{ row: row.session.id }}>${row.client.name}<//>: ${why}</p>`)}
  </div><button type="button" class="b s" onClick=${charging.clear}>${t("Hide")}</button></div>`;
}

function KEYS() {
  return [["↑ ↓", t("Row before, row after")], [t("Space"), t("Choose the row")], ["c", t("Charge what is proposed")], ["i", t("Issue")], ["e", t("Export…")], ["p", t("Print it")]];
}

begin(() => html`<${Billing} />`);
