// /billing/clients/…: one client's account: what is owed and since when, what was charged, paid, promised and agreed.
import { announce } from "../core/announce.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { locations } from "../core/me.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { date } from "../core/time.js";
import { money, parse, sum } from "../core/cents.js";
import { begin, Frame } from "../frame/frame.js";
import { takePayment, taken, writtenOnce } from "../till/words.js";
import { Charges } from "./charges.js";
import { useAddress, useOne, Why } from "./parts.js";
import { Payments } from "./payments.js";

const Papers = lazy(() => import("./papers.js"), "Papers");
const Estimates = lazy(() => import("./estimates.js"), "Estimates");
const Packages = lazy(() => import("./packages.js"), "Packages");
const Plans = lazy(() => import("./plans.js"), "Plans");
const Cover = lazy(() => import("./cover.js"), "Cover");
const Pay = lazy(() => import("./pay.js"), "Pay");
const Allocate = lazy(() => import("./pay.js"), "Allocate");
const Refund = lazy(() => import("./refund.js"), "Refund");
const Charge = lazy(() => import("./lines.js"), "Charge");
const Adjust = lazy(() => import("./lines.js"), "Adjust");

const TABS = {
  charges: [() => t("Charges"), Charges],
  payments: [() => t("Payments"), Payments],
  papers: [() => t("Papers"), Papers],
  estimates: [() => t("Estimates"), Estimates],
  packages: [() => t("Packages"), Packages],
  plans: [() => t("Payment plans"), Plans],
  cover: [() => t("Plan and fees"), Cover],
};
const DIALOGS = { pay: Pay, allocate: Allocate, refund: Refund, charge: Charge, adjust: Adjust, why: Why };
const AGES = () => [["d0_30", t("to 30 days")], ["d31_60", t("31 to 60")], ["d61_90", t("61 to 90")], ["d91", t("91 and more")]];
const id = window.location.pathname.split("/").filter(Boolean).at(-1);

function Account() {
  const [said, go] = useAddress();
  const [dialog, open] = useState(null);
  const [turn, turned] = useState(0);
  const poll = usePoll(`clients/${id}/account/`, {}, 30, () => dialog?.kind ?? null);
  const client = useOne(`clients/${id}/`, {}, 0).data;
  const here = useStore(locations);
  useOthers(poll.data, turned);
  const tab = TABS[said.tab] ? said.tab : "charges";
  const choose = (row) => go({ row });
  const [did, say] = useState("");
  const close = () => (open(null), poll.release(), poll.again(), turned((n) => n + 1)); // a write whose answer was lost may stand in it, or another desk's
  const [twice, tell] = useState(false);
  const done = (row, replayed) => (say(replayed ? "" : doneWords(dialog, row)), open(null), tell(Boolean(replayed)), poll.again(), turned((n) => n + 1));
  useKeys({ n: () => open({ kind: "pay" }), c: () => open({ kind: "charge" }), p: () => window.print() });
  if (!poll.data && poll.problem) return html`<${Frame} current="clients" keys=${KEYS()}><${Lost} poll=${poll} /><//>`;
  const [, Tab] = TABS[tab];
  const Over = DIALOGS[dialog?.kind];
  const places = here.filter((one) => client?.locations.includes(one.id));
  const common = { client: id, account: poll.data, places, turn };
  return html`<${Frame} current="clients" keys=${KEYS()}>
    <div class="ac">
      <${Head} account=${poll.data} client=${client} open=${open} go=${go} />
      ${client?.merged_into && html`<p class="note med"><${Icon} name="warn" /><span>${t("This registration is the same person as another: what is owed is of both.")} <a href=${`/billing/clients/${client.merged_into}`}>${t("Open the other one")}</a></span></p>`}
      ${poll.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span>${words(poll.problem)}</span><button type="button" class="b s" onClick=${poll.again}>${t("Try again")}</button></p>`}
      ${twice && html`<p class="note" role="status"><${Icon} name="info" /><span>${writtenOnce()}</span><button type="button" class="b s" onClick=${() => tell(false)}>${t("Close")}</button></p>`}
      ${did && html`<p class="note brand" role="status"><${Icon} name="ok" /><span class="grow">${did}</span><button type="button" class="b s" onClick=${() => say("")}>${t("Close")}</button></p>`}
      <${Tabs} tab=${tab} go=${(change) => (say(""), go(change))} />
      <div class="ac-b" role="tabpanel" id="panel" aria-labelledby=${`tab-${tab}`}>
        <${Tab} key=${tab} ...${common} chosen=${said.row} choose=${choose} open=${open} onDone=${done} onClose=${() => go({ tab: null })} />
      </div>
    </div>
    ${Over && html`<${Over} ...${common} ...${dialog} onDone=${done} onClose=${close} />`}
  <//>`;
}

const DONE = {
  pay: (row) => taken(money(row.amount)),
  allocate: (row) => t("Done: {amount} of this payment is allocated now.", { amount: money(row.allocated) }),
  refund: (row) => t("Done: {amount} is refunded.", { amount: money(row.amount) }),
  charge: (row) => t("Done: {what} is charged, {amount}.", { what: row.label, amount: money(row.amount) }),
  adjust: (row) => t("Done: the charge is adjusted by {amount}.", { amount: money(row.amount) }),
};

/** What is told once something was written. */
function doneWords(dialog, row) {
  if (row?.reverses) return t("Done: it is reversed.");
  return (row && DONE[dialog?.kind]?.(row)) || t("Done: it is on the server.");
}

/** What somebody else wrote meanwhile changes the figures: the lists are then asked anew. */
function useOthers(data, turned) {
  const known = useRef(null);
  useEffect(() => {
    const now = data && JSON.stringify(data);
    if (known.current && now && known.current !== now) turned((n) => n + 1);
    if (now) known.current = now;
  }, [data]);
}

/** @param {{account: Api["AccountOut"] | null, client: Api["ClientOut"] | null, open: (dialog: object) => void, go: (change: object) => void}} props */
function Head({ account, client, open, go }) {
  const owed = account && parse(account.owes); // money that is kept for a package pays none of it; the balance counts it
  const unpaid = account && sum(AGES().map(([name]) => account.ageing[name]));
  const credit = account && -parse(account.balance);
  const [word, cents] = owed > 0 ? [t("Owes"), owed] : unpaid > 0 ? [t("Charges still open"), unpaid] : credit > 0 ? [t("In credit"), credit] : [t("Owes"), 0];
  return html`<header class="ac-h">
    <div class="ac-n">
      <a class="small" href="/billing/clients">${t("All clients")}</a>
      <h1>${account?.client_name ?? "…"}</h1>
      <span class="small quiet">${client && `${client.mrn} · ${t("born {date}", { date: date(client.date_of_birth) })}`}</span>
    </div>
    <dl class="figs">
      <div class="big"><dt>${word}</dt><dd>${account ? money(cents) : "–"}</dd></div>
      <div><dt>${t("Not allocated")}</dt><dd>${money(account?.credit)}</dd></div>
      ${AGES().map(([name, label]) => html`<div key=${name}><dt>${label}</dt><dd>${money(account?.ageing[name])}</dd></div>`)}
    </dl>
    <button type="button" class="b go" onClick=${() => open({ kind: "pay" })}><${Icon} name="coin" />${takePayment()} <kbd>n</kbd></button>
    <${Beside} credit=${account && parse(account.credit) - parse(account.prepaid)} care=${account && parse(account.health_credit)} unpaid=${unpaid} go=${go} />
  </header>`;
}

/** Money that pays nothing yet, nor is kept for a package, stands beside what is open: neither is taken off the other. */
function Beside({ credit, care, unpaid, go }) {
  if (!credit || credit < 0) return null;
  const amounts = { credit: money(credit), open: money(unpaid) };
  const why = unpaid > 0 ? t("Charges of {open} are open, and {credit} that was paid is put to no charge yet: allocate it to settle them.", amounts) : t("{credit} that was paid is put to no charge yet: it stays as credit.", amounts);
  return html`<p class="small ac-w">${why}${care > 0 && ` ${t("{amount} of it came by an HSA or FSA card, and may pay medical care alone.", { amount: money(care) })}`} <button type="button" class="lnk" onClick=${() => go({ tab: "payments", row: null })}>${t("See the payments")}</button></p>`;
}

function Tabs({ tab, go }) {
  const names = Object.keys(TABS);
  const step = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = names[(names.indexOf(tab) + by + names.length) % names.length];
    go({ tab: next, row: null });
    document.getElementById(`tab-${next}`)?.focus();
  };
  const show = (name) => {
    go({ tab: name === "charges" ? null : name, row: null });
    announce(TABS[name][0]());
  };
  return html`<div class="tabs" role="tablist" aria-label=${t("Parts of the account")} onKeyDown=${step}>
    ${names.map((name) => html`<button type="button" role="tab" id=${`tab-${name}`} key=${name} aria-selected=${name === tab} aria-controls="panel" tabindex=${name === tab ? 0 : -1} onClick=${() => show(name)}>${TABS[name][0]()}</button>`)}
  </div>`;
}

function Lost({ poll }) {
  return html`<div class="failed">
    <h1>${poll.problem.status === 404 ? t("There is no such client here") : t("The account can't be shown")}</h1>
    <p>${words(poll.problem)}</p>
    <p class="row"><a class="b" href="/billing/clients">${t("All clients")}</a><button type="button" class="b go" onClick=${poll.again}>${t("Try again")}</button></p>
  </div>`;
}

function KEYS() {
  return [["n", takePayment()], ["c", t("Charge a fee")], ["↑ ↓", t("Row before, row after")], ["← →", t("Tab before, tab after")], ["p", t("Print the page")]];
}

begin(() => html`<${Account} />`);
