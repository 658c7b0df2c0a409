// What waits for a decision, and what is overdue on anybody's list.
import { Icon, html } from "../core/h.js";
import { t, told } from "../core/i18n.js";
import { me, roleName } from "../core/me.js";
import { words } from "../core/problem.js";
import { decisionName, due, age } from "./words.js";

/** @param {{decisions: any, overdue: any, said: any, at: number, go: (change: object) => void, open: (dialog: any) => void}} props */
export function Waiting({ decisions, overdue, said, at, go, open }) {
  const late = said.list === "overdue";
  const poll = late ? overdue : decisions;
  const tasks = (overdue.data?.results ?? []).filter((row) => Date.parse(row.due_at) < at);
  return html`<section class="card dcn" aria-labelledby="waiting"><header><h2 id="waiting">${late ? t("Overdue") : t("Waiting for a decision")}</h2>
      <div class="seg" role="group" aria-label=${t("Which list")}><button type="button" aria-pressed=${!late} onClick=${() => go({ list: null })}>${t("Decisions")} ${decisions.data?.count ?? ""}</button><button type="button" aria-pressed=${late} onClick=${() => go({ list: "overdue" })}>${t("Overdue")} ${overdue.data && more(overdue.data, tasks)}</button></div></header>
    <div class="scr" tabindex="0" role="region" aria-label=${late ? t("Overdue") : t("Waiting for a decision")}>
      ${poll.problem && html`<p class="note med" role="status"><${Icon} name="warn" /><span class="grow">${words(poll.problem)}</span><button type="button" class="b s" onClick=${poll.again}>${t("Try again")}</button></p>`}
      ${poll.waiting && html`<p class="pad"><button type="button" class="b s" onClick=${poll.release}>${t("There is something newer: show it")}</button></p>`}
      ${!late && decisions.data && !decisions.data.results.length && html`<p class="quiet pad">${t("Nothing waits for a decision.")}</p>`}
      ${late && overdue.data && !tasks.length && html`<p class="quiet pad">${t("Nothing is overdue.")}</p>`}
      <table class="list"><tbody>${late ? tasks.map((row) => html`<${Task} key=${row.id} row=${row} at=${at} />`) : (decisions.data?.results ?? []).map((row) => html`<${Decision} key=${row.kind + row.subject.id} row=${row} at=${at} open=${open} />`)}</tbody></table>
      ${!late && decisions.data?.next && html`<p class="small quiet pad">${t("{n} of {count}", { n: decisions.data.results.length, count: decisions.data.count })}</p>`}
    </div></section>`;
}

/** How many are late: all of the list where it goes on beyond its first page, and then some. */
function more(data, tasks) {
  return data.next && tasks.length === data.results.length ? `${tasks.length}+` : tasks.length;
}

function Decision({ row, at, open }) {
  const mine = row.assigned_to === me.get().name;
  const late = row.due_at && Date.parse(row.due_at) < at;
  const name = decisionName(row.kind);
  return html`<tr><td>${row.kind === "override" ? html`<button type="button" class="lnk" onClick=${() => open({ kind: "override", id: row.subject.id })}><b>${name}</b></button>` : html`<a href=${hrefOf(row)}><b>${name}</b></a>`}</td>
    <td>${row.client_name}<br /><span class="faint small">${told(row.label)}</span></td><td>${mine ? t("you") : row.assigned_to}</td>
    <td class=${late ? "num hi" : "num"}>${row.due_at ? due(row.due_at, at) : age(at - Date.parse(row.since))}</td></tr>`;
}

/** Where it is decided: everybody's rows stand there, for the director is not the prescriber of each course. */
function hrefOf(row) {
  return `/decide/${row.subject.id}?all=1`;
}

function Task({ row, at }) {
  return html`<tr><td>${row.client ? html`<a href=${`/clients/${row.client}`}><b>${row.client_name}</b></a>` : html`<b>${t("Clinic")}</b>`}</td><td>${told(row.label)}</td><td>${row.assigned_to ?? row.roles.map(roleName)[0]}</td><td class="num hi">${due(row.due_at, at)}</td></tr>`;
}
