// /billing/clients: who owes what, the oldest debt first; who has money that pays nothing yet; and anybody by name.
import { get } from "../core/api.js";
import { money, parse, plain } from "../core/cents.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { place } from "../core/me.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { date } from "../core/time.js";
import { begin, Frame } from "../frame/frame.js";
import { Foot, useAddress, useList, useOne, useRows } from "./parts.js";

const PAUSE = 150;
const OFTEN = 300000; // ms: the sums go over all open charges
const AGES = () => [["d0_30", t("to 30 days")], ["d31_60", t("31 to 60")], ["d61_90", t("61 to 90")], ["d91", t("91 and more")]];

function Clients() {
  const here = useStore(place);
  const [said, go] = useAddress();
  const [sought, seek] = useState("");
  const turn = useTurns();
  const state = said.state === "credit" ? "credit" : "owes";
  const list = useList("accounts/", { location: here.id, state }, turn);
  const ages = useOne("reports/ageing/", { location: here.id, page_size: 1 }, turn).data;
  const looking = sought.trim().length > 1;
  useKeys({ f: () => document.getElementById("find-client")?.focus(), p: () => window.print() });
  const seg = (value, label) => html`<button type="button" aria-pressed=${state === value} onClick=${() => go({ state: value === "owes" ? null : value })}>${label}</button>`;
  return html`<${Frame} current="clients" keys=${[["f", t("Find")], ["↑ ↓", t("Row before, row after")], ["p", t("Print the page")]]}>
    <div class="cl">
      <header>
        <h1>${t("Clients' accounts")}</h1>
        <div class="f"><label for="find-client">${t("Find: name, MRN, phone or date of birth")} <kbd>f</kbd></label><input id="find-client" type="search" autocomplete="off" value=${sought} onInput=${(event) => seek(event.target.value)} /></div>
        ${!looking && html`<div class="seg" role="group" aria-label=${t("Which clients")}>${seg("owes", t("Who owes"))}${seg("credit", t("Who has credit"))}</div>`}
      </header>
      ${!looking && html`<dl class="figs"><div class="big"><dt>${t("Open at this clinic")}</dt><dd>${money(ages?.totals.balance)}</dd></div>${AGES().map(([name, label]) => html`<div key=${name}><dt>${label}</dt><dd>${money(ages?.totals[name])}</dd></div>`)}</dl>`}
      <div class="body">${looking ? html`<${Found} text=${sought.trim()} />` : html`<${Owing} list=${list} state=${state} />`}</div>
    </div>
  <//>`;
}

/** Another number now and then, while somebody looks: what stands here is then asked anew. */
function useTurns() {
  const [turn, set] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || set((n) => n + 1), OFTEN);
    return () => clearInterval(timer);
  }, []);
  return turn;
}

/** On a phone the oldest debt alone has room. */
const ageClass = (name) => (name === "d91" ? "num" : "num wide");
const accountOf = (id) => `/billing/clients/${id}`;

function Owing({ list, state }) {
  const rows = /** @type {Api["AccountRowOut"][]} */ (list.rows ?? []);
  const [at, move] = useState("");
  useRows(rows.map((row) => row.client), at, move);
  const none = state === "owes" ? t("Nobody owes anything at this clinic.") : t("Nobody has money here that pays nothing yet.");
  return html`${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${t("Clients' accounts")}><table class="list">
      <thead><tr><th>${t("Whose account")}</th><th class="num">${state === "owes" ? t("Owes") : t("Balance")}</th><th class="num">${t("Not allocated")}</th>${AGES().map(([name, label]) => html`<th class=${ageClass(name)} key=${name}>${label}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.client} class=${row.client === at ? "cur" : ""} onClick=${() => window.location.assign(accountOf(row.client))}>
        <td><a href=${accountOf(row.client)} id=${`row-${row.client}`} onFocus=${() => move(row.client)} onClick=${(event) => event.stopPropagation()}>${row.client_name}</a> <span class="faint">${row.mrn}</span></td>
        <td class="num"><b>${plain(state === "owes" ? row.owes : row.balance)}</b></td><td class="num">${plain(row.credit)}</td>
        ${AGES().map(([name]) => html`<td class=${ageClass(name)} key=${name}>${late(name, row.ageing[name])}</td>`)}
      </tr>`)}</tbody>
    </table></div>`}
    <${Foot} list=${list} empty=${none} />`;
}

/** A debt of more than 90 days has a sign beside its figure. */
function late(name, amount) {
  if (name !== "d91" || !parse(amount)) return plain(amount);
  return html`<span class="chip med"><${Icon} name="warn" />${plain(amount)}</span>`;
}

function Found({ text }) {
  const [found, set] = useState({ rows: null, problem: null });
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => {
      get("clients/", { search: text, page_size: 20 }).then(({ results }) => !over && set({ rows: results, problem: null }), (problem) => !over && set({ rows: null, problem }));
    }, PAUSE);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [text]);
  if (found.problem) return html`<p class="note high pad" role="alert">${words(found.problem)}</p>`;
  if (found.rows?.length === 0) return html`<p class="quiet pad">${t("Nobody by that name, number or date.")}</p>`;
  return html`<table class="list"><thead><tr><th>${t("Whose account")}</th><th>${t("Born")}</th><th>${t("Record number")}</th></tr></thead>
    <tbody>${(found.rows ?? []).map((row) => html`<tr key=${row.id} onClick=${() => window.location.assign(accountOf(row.id))}><td><a href=${accountOf(row.id)} onClick=${(event) => event.stopPropagation()}>${row.legal_first_name} ${row.legal_last_name}</a>${row.chosen_name && html` <span class="faint">${row.chosen_name}</span>`}</td><td class="nowrap">${date(row.date_of_birth)}</td><td>${row.mrn}</td></tr>`)}</tbody></table>`;
}

begin(() => html`<${Clients} />`);
