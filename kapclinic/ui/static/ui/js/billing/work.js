// What the page of billing holds: its lists, what is chosen in them, and what is done with that.
import { useEffect, useRef, useState } from "../core/h.js";
import { place } from "../core/me.js";
import { useStore } from "../core/store.js";
import { dayIn } from "../core/time.js";
import { useNow } from "../frame/net.js";
import { useCharging } from "./charging.js";
import { useJobs } from "./jobs.js";
import { useAddress, useList, useStaff } from "./known.js";
import { notice } from "./notice.js";
import { periodOf } from "./period.js";

export const TABS = ["bill", "blocked", "issued", "exports", "payments"];

/** All lists of the page; those behind another tab are only counted. */
function useLists(tab, said, period, location, held) {
  const days = { location, client: said.client, from_date: period.from, to_date: period.to };
  const at = (name) => ({ shown: tab === name, seconds: tab === name ? 30 : 60, held });
  const work = (state) => ({ ...days, staff: said.staff, state });
  const lists = {
    ready: useList("billing-worklist/", work("ready"), at("bill")),
    charged: useList("billing-worklist/", work("charged"), at("bill")),
    blocked: useList("billing-worklist/", work("blocked"), at("blocked")),
    review: useList("charges/", { ...days, rendering: said.staff, status: "review" }, at("blocked")),
    issued: useList("superbills/", { ...days, ...(said.only === "outdated" ? { outdated: true, replaced: false } : {}) }, at("issued")),
    payments: useList("payments/", { ...days, unallocated: said.only === "unallocated" ? true : undefined }, at("payments")),
  };
  const each = (act) => Object.values(lists).forEach(act);
  return { ...lists, again: () => each((list) => list.again()), release: () => each((list) => list.release()) };
}

/** The rows of a tab in the order of the page, and what each is called in the address. */
function rowsOf(tab, lists, jobs) {
  const by = {
    bill: [...lists.ready.rows, ...lists.charged.rows],
    blocked: [...lists.review.rows, ...lists.blocked.rows],
    issued: lists.issued.rows,
    exports: jobs.rows,
    payments: lists.payments.rows,
  };
  return by[tab];
}

const idOf = (row) => row.session?.id ?? row.id;

/** The lists of a tab that a row stands in. */
function listsOf(tab, lists) {
  const by = { bill: [lists.ready, lists.charged], blocked: [lists.review, lists.blocked], issued: [lists.issued], payments: [lists.payments] };
  return by[tab] ?? [];
}

/** Is all of the tab there, so that a row which is not is gone? */
function whole(tab, lists, jobs) {
  return tab === "exports" ? jobs.data : listsOf(tab, lists).every((list) => list.whole);
}

/**
 * Somebody did something, and the lists do not show it yet. Once they do, the focus is on the row that is next.
 *
 * @returns {[boolean, () => void]} whether that is so, and what says that it is
 */
function useSettling(tab, lists, id) {
  const [since, mark] = useState(0);
  const busy = since > 0 && listsOf(tab, lists).some((list) => list.at < since && !list.problem);
  useEffect(() => {
    if (since && !busy) document.getElementById(`row-${id}`)?.focus();
  }, [busy]);
  const start = () => {
    mark(Date.now());
    lists.again();
  };
  return [busy, start];
}

export function toBill(lists) {
  const [ready, charged] = [lists.ready.count, lists.charged.count];
  return ready === undefined || charged === undefined ? undefined : ready + charged;
}

/** Where the page is: its tab and days, and a word on what was just done, which goes with the next step. */
function usePlace(here) {
  const today = dayIn(useNow(60000), here.time_zone);
  const [said, go] = useAddress();
  const [told, tell] = useState(null);
  const tab = TABS.includes(said.tab) ? said.tab : "bill";
  const walk = (change, step) => (tell(null), go(change, step));
  return { today, said, go: walk, told, tell, tab, period: periodOf(said, today) };
}

/** What is ticked, by what can be done with it: sessions to charge, and one row of each client to issue for. */
function sorted(rows) {
  const charged = rows.filter((row) => row.state === "charged");
  return { rows, ready: rows.filter((row) => row.state === "ready"), charged, bills: [...new Map(charged.map((row) => [row.client.id, row])).values()] };
}

/** All of it, for the parts of the page. */
export function useWork() {
  const here = useStore(place);
  const at = usePlace(here);
  const { tab, said, period } = at;
  const [chosen, choose] = useState(new Set());
  const [dialog, ask] = useState(null);
  const [hand, press] = [useRef(null), useRef(null)];
  const staff = useStaff(here.id);
  const lists = useLists(tab, said, period, here.id, () => hand.current ?? dialog);
  const jobs = useJobs(tab === "exports", lists.again);
  const rows = rowsOf(tab, lists, jobs);
  const current = rows.find((row) => idOf(row) === said.row) ?? rows[0] ?? null;
  const [settling, settle] = useSettling(tab, lists, current && idOf(current));
  const charging = useCharging((made) => {
    if (made.length) at.tell(notice(made));
    choose(new Set());
    settle();
  });
  const close = () => (ask(null), lists.release());
  return {
    ...at, here, staff, lists, jobs, rows, current, settling, settle, charging, chosen, choose, dialog, ask, close, hand, press,
    gone: said.row && current && idOf(current) !== said.row && whole(tab, lists, jobs),
    picked: sorted(tab === "bill" ? rows.filter((row) => chosen.has(row.session.id)) : []),
    open: (row, step) => at.go({ row, view: null }, step),
    asked: () => (close(), choose(new Set()), jobs.again()),
    nav: { said, go: at.go },
  };
}
