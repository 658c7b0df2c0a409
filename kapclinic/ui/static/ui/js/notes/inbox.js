// The left pane: what is to be written, what waits for a second signature, what is signed; what clients answered; integrations that are owed.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { lazy } from "../core/lazy.js";
import { words } from "../core/problem.js";
import { clockSeconds } from "../core/time.js";
import { unsaved, useStore } from "../core/store.js";
import { Rows } from "./rows.js";

const Owed = lazy(() => import("./owed.js"), "Owed", { early: true, pane: true });
const Answered = lazy(() => import("../answered/answered.js"), "Answered", { early: true, pane: true });
const Mine = lazy(() => import("./past.js"), "Mine", { pane: true });
const HOUR = 3600000;
const TABS = () => [["write", t("To write")], ["cosign", t("Co-sign")], ["signed", t("Signed")]];

/** What is to be written: who is here, drafts, and what has none; what runs out first on top. */
export function rowsOf(data, at) {
  const known = new Set(data.drafts.map((row) => row.session));
  const here = data.here.filter((row) => !known.has(row.id)).map((row) => ({ key: row.id, session: row.id, name: row.client_name, kind: row.kind, number: row.number, starts_at: row.starts_at, due: Infinity, age: t("now"), said: t("Client is here"), late: false }));
  const drafts = data.drafts.map((row) => ({ ...whose(row), key: row.id, note: row.id, age: aged(row.age_hours), said: t("Unsigned draft"), late: lateBy(row, at) }));
  const none = data.to_write.map((row) => ({ ...whose(row), key: row.session, age: aged((at - Date.parse(row.completed_at)) / HOUR), said: t("No note yet"), late: lateBy(row, at) }));
  return [...drafts, ...none].sort((a, b) => a.due - b.due).concat(here);
}

function whose(row) {
  return { session: row.session, name: row.client_name, kind: row.session_kind, number: row.session_number, starts_at: row.starts_at, due: row.due_at ? Date.parse(row.due_at) : Infinity };
}

function lateBy(row, at) {
  return !!row.due_at && Date.parse(row.due_at) < at;
}

/** "10 d" or "2 h" */
function aged(hours) {
  return hours < 48 ? t("{n} h", { n: Math.max(0, Math.floor(hours)) }) : t("{n} d", { n: Math.floor(hours / 24) });
}

function cosignRows(data, at) {
  return data.to_cosign.map((row) => ({ ...whose(row), key: row.id, note: row.id, age: aged(row.age_hours), said: row.author_name, late: lateBy(row, at) }));
}

/** @param {{box: any, route: any, go: any, place: any, at: number, onBook: (row: object) => void, turn: number}} props */
export function Inbox({ box, route, go, place, at, onBook, turn }) {
  const { data } = box;
  useStore(unsaved);
  const rows = data && (route.tab === "cosign" ? cosignRows(data, at) : rowsOf(data, at));
  const counts = data ? { write: rowsOf(data, at).length, cosign: data.to_cosign.length } : {};
  return html`<aside class="inb" aria-label=${t("Inbox")}>
    <div class="tabs" role="tablist">
      ${TABS().map(([name, label]) => html`<button type="button" role="tab" key=${name} id=${`inbox-${name}`} aria-selected=${route.tab === name} aria-controls="inbox" onClick=${() => go({ ...route, tab: name })}>${label}${counts[name] > 0 && html`<small>${counts[name]}</small>`}</button>`)}
    </div>
    <div role="tabpanel" id="inbox" aria-labelledby=${`inbox-${route.tab}`}>
      ${box.problem && html`<p class="note med pad" role="status"><${Icon} name="warn" /><span>${words(box.problem)} ${data && t("This list is of {time}.", { time: clockSeconds(box.at, place.time_zone) })}</span><button type="button" class="b s" onClick=${box.again}>${t("Try again")}</button></p>`}
      ${!data && !box.problem && html`<div class="skels" aria-hidden="true">${[1, 2, 3].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`}
      ${route.tab === "signed" ? html`<${Mine} route=${route} go=${go} zone=${place.time_zone} turn=${turn} />` : rows && html`<${Rows} rows=${rows} route=${route} go=${go} zone=${place.time_zone} at=${at} />`}
      ${rows?.length === 0 && route.tab === "write" && html`<p class="quiet pad">${t("Nothing is to be written. A session that you completed appears here until its note is signed.")}</p>`}
      ${rows?.length === 0 && route.tab === "cosign" && html`<p class="quiet pad">${t("No note waits for a second signature.")}</p>`}
    </div>
    <${Answered} place=${place} turn=${turn} />
    <${Owed} place=${place} at=${at} turn=${turn} onBook=${onBook} />
  </aside>`;
}
