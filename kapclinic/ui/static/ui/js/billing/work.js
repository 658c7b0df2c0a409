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
 * Somebody did something, and the lists do not show it yet. Once they do, the focus is on its row, or on the way on.
 *
 * @returns {[boolean, () => void]} whether that is so, and what says that it is
 */
function useSettling(tab, lists, id) {
  const [since, mark] = useState(0);
  const busy = since > 0 && listsOf(tab, lists).some((list) => list.at < since && !list.problem);
  useEffect(() => {
    if (since && !busy) (document.getElementById(`row-${id}`) ?? document.getElementById("go-on"))?.focus();
  }, [busy]);
  const start = () => {
    mark(Date.now());
    lists.again();
  };
  return [busy, start];
}

/**
 * The row of the address. One that has left its list is kept in its place, and nobody is led to another one: `gone` holds
 * it, as far as it is known, and the row that is next.
 *
 * @returns {{current: any, gone: {row: any, next: any} | null, pin: () => void}} `pin`: the first row, which the address does not name, is meant
 */
function useCurrent(rows, at, whole) {
  const last = useRef({ row: null, nth: 0 });
  const { said, go } = at;
  const nth = rows.findIndex((row) => idOf(row) === said.row);
  if (nth >= 0) last.current = { row: rows[nth], nth };
  const lost = nth < 0 && said.row && whole;
  const known = last.current.row && idOf(last.current.row) === said.row;
  const gone = lost ? { row: known ? last.current.row : null, next: rows[known ? Math.min(last.current.nth, rows.length - 1) : 0] ?? null } : null;
  const current = nth >= 0 ? rows[nth] : gone ? null : (rows[0] ?? null);
  const pin = () => {
    if (!current || new URLSearchParams(window.location.search).has("row")) return;
    last.current = { row: current, nth: 0 };
    go({ row: idOf(current) }, true);
  };
  return { current, gone, pin };
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
  return { today, said, go: walk, stay: go, told, tell, tab, period: periodOf(said, today) };
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
  const { current, gone, pin } = useCurrent(rows, { said, go: at.stay }, whole(tab, lists, jobs));
  const [settling, settled] = useSettling(tab, lists, said.row);
  const settle = () => (pin(), settled());
  /** These are done, and no other tick goes with them. */
  const leave = (ids) => choose((old) => new Set([...old].filter((one) => !ids.includes(one))));
  const charging = useCharging((made) => {
    if (made.length) at.tell(notice(made));
    leave(made.map(({ row }) => row.session.id));
    settle();
  });
  const close = () => (ask(null), lists.release());
  return {
    ...at, here, staff, lists, jobs, rows, current, gone: settling ? null : gone, settling, settle, charging, chosen, choose, dialog, ask, close, hand, press,
    picked: sorted(tab === "bill" ? rows.filter((row) => chosen.has(row.session.id)) : []),
    open: (row, step) => at.go({ row, view: null }, step),
    asked: () => (close(), jobs.again()),
    leave,
    nav: { said, go: at.go },
  };
}
