// What is to be billed: sessions to charge, and what was charged and is on no superbill yet.
import { Icon, html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { money, plain, sum } from "../core/cents.js";
import { hrefOf } from "./known.js";
import { More, Row, Stand, servicesName, together, useSteps } from "./parts.js";
import { dayName, sessionName } from "./words.js";

/** The rows that are chosen with this one: a superbill holds all that a client was charged. */
function alike(row, charged) {
  return row.state === "charged" ? charged.filter((one) => one.client.id === row.client.id) : [row];
}

/**
 * @param {{ready: any, charged: any, current: any, chosen: Set<string>, choose: (ids: Set<string>) => void, said: object, open: (id: string, step?: boolean) => void}} props
 */
export function ToBill({ ready, charged, current, chosen, choose, said, open }) {
  const rows = [...ready.rows, ...charged.rows];
  const toggle = (row) => {
    const [next, on] = [new Set(chosen), !chosen.has(row.session.id)];
    for (const one of alike(row, charged.rows)) next[on ? "add" : "delete"](one.session.id);
    choose(next);
  };
  useSteps(rows.map((row) => row.session.id), current?.session.id, (id) => open(id, true));
  useKeys({ " ": () => current && rows.includes(current) && toggle(current) });
  const all = (list) => choose(new Set([...chosen, ...list.rows.map((row) => row.session.id)]));
  const shared = { current, chosen, toggle, all, said, open };
  const none = ready.data && charged.data && !rows.length;
  return html`<div class="scr" tabindex="0" role="region" aria-label=${t("To bill")}>
    <${Stand} list=${together([ready, charged])} />
    ${none && html`<p class="empty">${t("Nothing is to be billed in these days. A session appears here once it is over and its note is signed.")}</p>`}
    ${rows.length > 0 && html`<table class="list">
      <${Head} />
      ${ready.rows.length > 0 && html`<${Group} key="ready" title=${t("To charge")} list=${ready} ...${shared} />`}
      ${charged.rows.length > 0 && html`<${Group} key="charged" title=${t("Charged, and on no superbill")} list=${charged} ...${shared} />`}
    </table>`}
    <${More} list=${ready} /><${More} list=${charged} />
  </div>`;
}

function Head() {
  return html`<thead><tr><th><span class="vh">${t("Choose")}</span></th><th>${t("Day")}</th><th>${t("Client")}</th><th>${t("Session and code")}</th><th class="num">${t("Fees")}</th><th class="num wide">${t("Paid so far")}</th><th class="wide">${t("What stops it")}</th></tr></thead>`;
}

function Group({ title, list, current, chosen, toggle, all, said, open }) {
  return html`<tbody>
    <tr class="grp"><th colspan="7" scope="rowgroup">${title} <small>${list.count}</small> <button type="button" class="b bare s" onClick=${() => all(list)}>${t("Choose all")}</button></th></tr>
    ${list.rows.map((row) => {
      const [id, day] = [row.session.id, dayName(row.session.date)];
      const tick = html`<td><label class="tick"><input type="checkbox" checked=${chosen.has(id)} onChange=${() => toggle(row)} /><span class="vh">${t("Choose {name}, {day}", { name: row.client.name, day })}</span></label></td><td class="nowrap">${day}</td>`;
      return html`<${Row} key=${id} id=${id} current=${current === row} href=${hrefOf(said, { row: id })} open=${open} first=${tick} name=${row.client.name}>
        <td>${sessionName(row.session)} <span class="faint nowrap">${servicesName(row.services)}</span></td>
        <td class="num">${plain(row.totals.amount)}</td><td class="num wide">${plain(row.totals.paid)}</td>
        <td class="st wide"><span class="chip good"><${Icon} name="ok" />${row.state === "ready" ? t("Can be charged") : t("On the books")}</span></td>
      <//>`;
    })}
  </tbody>`;
}

/**
 * What is chosen, and what can be done with it. One button is filled: what comes first.
 *
 * @param {{picked: any, staffed: boolean, charging: any, onCharge: () => void, onIssue: () => void, onExport: () => void, onClear: () => void}} props
 */
export function Chosen({ picked, staffed, charging, onCharge, onIssue, onExport, onClear }) {
  const { rows, ready } = picked;
  const bills = picked.bills.length;
  const clients = new Set(rows.map((row) => row.client.id)).size;
  return html`<footer class="sel">
    <span class="grow"><b>${many(rows.length, "{n} chosen", "{n} chosen")}</b>${rows.length > 0 && html` · ${many(clients, "{n} client", "{n} clients")} · <b class="mn">${money(sum(rows.map((row) => row.totals.amount)))}</b> <button type="button" class="b bare s" onClick=${onClear}>${t("None")}</button>`}
      ${staffed && bills > 0 && html`<br /><span class="small quiet">${t("A superbill holds what every clinician did for the client in these days.")}</span>`}</span>
    <button type="button" class="b" onClick=${onExport}>${t("Export…")} <kbd>e</kbd></button>
    ${ready.length > 0 && html`<button type="button" class="b go" aria-disabled=${charging.busy ? "true" : undefined} onClick=${onCharge}>${charging.busy ? t("Charging {n} of {all}…", { n: charging.done + 1, all: charging.total }) : many(ready.length, "Charge {n} session", "Charge {n} sessions")} <kbd>c</kbd></button>`}
    ${bills > 0 && html`<button type="button" class=${ready.length ? "b" : "b go"} onClick=${onIssue}><${Icon} name="doc" />${many(bills, "Issue {n} superbill", "Issue {n} superbills")} <kbd>i</kbd></button>`}
  </footer>`;
}
