// /decide: all that waits for a prescriber, what runs out first at the top; one thing in the middle, its client beside it.
import { announce } from "../core/announce.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { usePoll } from "../core/poll.js";
import { words } from "../core/problem.js";
import { begin, Frame } from "../frame/frame.js";
import { forget, useLoaded } from "../care/loaded.js";
import { aboutOf } from "./known.js";
import { List } from "./list.js";
import { Context } from "./context.js";
import { waitingWord } from "./words.js";

const Part = (fetch, name, load) => ({ Pane: lazy(fetch, name), load: async (row) => (await fetch())[load](row) });
const screening = Part(() => import("./screening.js"), "Screening", "loadScreening");
const clearance = Part(() => import("./clearance.js"), "Clearance", "loadClearance");
const alert = Part(() => import("./alert.js"), "Alert", "loadAlert");
const PARTS = {
  screening,
  clearance_review: clearance,
  clearance_ending: clearance,
  safety_alert: alert,
  alert_release: alert,
  order_missing: Part(() => import("./order.js"), "Order", "loadOrder"),
  order_above_cap: Part(() => import("./cap.js"), "Cap", "loadCap"),
  override: Part(() => import("./override.js"), "Override", "loadOverride"),
  adverse_event_review: Part(() => import("./event.js"), "Event", "loadEvent"),
};

const idNow = () => location.pathname.split("/")[2] ?? "";
const allNow = () => new URLSearchParams(location.search).has("all");
const addressOf = (id, everyones) => `/decide${id ? `/${id}` : ""}${everyones ? "?all=1" : ""}`;

/** The row that the address names, and whether everybody's rows are shown. */
function useAddress() {
  const [said, set] = useState({ id: idNow(), everyones: allNow() });
  useEffect(() => {
    const back = () => set({ id: idNow(), everyones: allNow() });
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (id, everyones = said.everyones) => {
    history.pushState(null, "", addressOf(id, everyones));
    set({ id, everyones });
  };
  return [said, go];
}

function Desk() {
  const [{ id, everyones }, go] = useAddress();
  const poll = usePoll("decisions/", { page_size: 100, ...(everyones ? {} : { for: "me" }) }, 30);
  const [done, setDone] = useState(() => new Set()); // what was decided here goes at once, before the list is asked again
  const listed = /** @type {Api["WaitingDecisionOut"][]} */ (poll.data?.results ?? []);
  const rows = listed.filter((row) => !done.has(keyOf(row)));
  const chosen = rows.find((row) => row.subject.id === id) ?? null;
  const first = () => rows.length && go(rows[0].subject.id);
  useKeys({ o: first, a: () => go("", !everyones) });
  function settled(row, said) {
    forget(row.subject.id);
    announce(said);
    setDone((old) => new Set([...old, keyOf(row)]));
    const next = rows[rows.findIndex((one) => one === row) + 1] ?? rows.find((one) => one !== row);
    go(next?.subject.id ?? "");
    poll.again();
  }
  return html`<${Frame} current="decide" count=${{ decide: everyones ? 0 : rows.length }} keys=${[["o", t("Open the first")], ["a", t("Mine or everybody's")], ["↑ ↓", t("Row before, row after")], ["⌘ ↵", t("Send the decision")]]}>
    <div class=${`pr${id ? " one" : ""}`}>
      <section class="q" aria-label=${t("Waiting")}>
        <header class="sec-h"><h2>${everyones ? t("Waiting for anybody") : t("Waiting for you")}</h2><span class="faint small" role="status"><span aria-hidden="true">${poll.data ? rows.length : ""}</span><span class="vh">${poll.data ? waitingWord(rows.length) : ""}</span></span></header>
        <div class="row pq"><div class="seg" role="group" aria-label=${t("Whose")}>
          <button type="button" aria-pressed=${!everyones} onClick=${() => go("", false)}>${t("Mine")}</button><button type="button" aria-pressed=${everyones} onClick=${() => go("", true)}>${t("Everybody's")}</button></div></div>
        ${poll.problem && html`<p class="strip"><${Icon} name="warn" />${words(poll.problem)} <button type="button" class="b s" onClick=${poll.again}>${t("Try again")}</button></p>`}
        ${!poll.data && !poll.problem && html`<div class="skels" aria-hidden="true"><span class="skel" /><span class="skel" /><span class="skel" /></div>`}
        ${poll.data && html`<${List} rows=${rows} chosen=${chosen} address=${(row) => addressOf(row.subject.id, everyones)} go=${go} />`}
        ${poll.data?.next && html`<p class="small quiet pq">${t("The first 100 are shown.")}</p>`}
      </section>
      ${id && html`<button type="button" class="b s back" onClick=${() => go("")}><${Icon} name="left" />${t("All that waits")}</button>`}
      ${chosen && html`<${Chosen} key=${keyOf(chosen)} row=${chosen} onDone=${(said) => settled(chosen, said)} />`}
      ${!chosen && poll.data && html`<div class="empty">${id ? html`<p>${t("This is decided, or waits for somebody else.")}</p>` : rows.length ? html`<p>${t("Choose what to decide. What runs out next stands first.")}</p>` : html`<p>${everyones ? t("Nothing waits for a decision.") : t("Nothing waits for you.")}</p>`}
        ${rows.length > 0 && html`<button type="button" class="b go" onClick=${first}>${t("Open the first")} <kbd>o</kbd></button>`}</div>`}
    </div>
  <//>`;
}

const keyOf = (row) => `${row.kind} ${row.subject.id}`;

/** One thing to decide: the thing, whose it is, and how the course stands. */
function Chosen({ row, onDone }) {
  const part = PARTS[row.kind];
  const about = useLoaded(`${row.client} ${row.program}`, () => aboutOf(row));
  const subject = useLoaded(keyOf(row), async () => (part ? part.load(row) : null));
  const again = () => Promise.all([about.again(), subject.again()]);
  const problem = about.problem ?? subject.problem;
  if (!part) return html`<p class="empty">${t("This page can't show it.")}</p>`;
  if (!about.data || subject.data === null) {
    return problem
      ? html`<div class="empty"><p role="alert">${words(problem)}</p><button type="button" class="b" onClick=${again}>${t("Try again")}</button></div>`
      : html`<div class="skels" aria-hidden="true"><span class="skel" /><span class="skel" /><span class="skel" /></div>`;
  }
  return html`<${part.Pane} row=${row} about=${about.data} subject=${subject.data} again=${again} onDone=${onDone} onClose=${() => {}} /><${Context} about=${about.data} />`;
}

begin(() => html`<${Desk} />`);
