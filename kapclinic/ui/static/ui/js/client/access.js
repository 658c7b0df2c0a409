// Who looked at this client's record, and what the client is given of it.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { roleName } from "../core/me.js";
import { Foot, Paper, useList } from "../lists/list.js";
import { id } from "./known.js";
import { when } from "./words.js";

const OUTCOMES = () => [["", t("All")], ["ok", t("allowed")], ["denied", t("refused")]];

/** @param {{zone: string, said: any, go: (change: object) => void, turn: any}} props */
export function Access({ zone, said, go, turn }) {
  const asked = { from: said.from || undefined, to: said.to || undefined, outcome: said.outcome || undefined };
  const list = useList(`clients/${id}/access-log/`, asked, turn);
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value)).toString();
  const day = (name, label) => html`<div class="f"><label for=${`f-${name}`}>${label}</label><input id=${`f-${name}`} type="date" value=${said[name] ?? ""} onChange=${(event) => go({ [name]: event.target.value || null })} /></div>`;
  return html`<section class="card" aria-labelledby="looked"><header><h2 id="looked">${t("Who looked")}</h2><${Paper} small href=${`/api/v1/clients/${id}/access-log/pdf/${query && `?${query}`}`}>${t("For the client")}<//></header>
    <form class="row wrap pad" onSubmit=${(event) => event.preventDefault()}>${day("from", t("From"))}${day("to", t("To"))}
      <div class="f"><label for="f-outcome">${t("Answer")}</label><select id="f-outcome" value=${said.outcome ?? ""} onChange=${(event) => go({ outcome: event.target.value || null })}>${OUTCOMES().map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></div></form>
    ${list.rows?.length > 0 && html`<div class="scroll"><table class="list"><thead><tr><th>${t("Time")}</th><th>${t("Who")}</th><th>${t("What")}</th><th>${t("Answer")}</th></tr></thead>
      <tbody>${list.rows.map((row, i) => html`<tr key=${i}><td>${when(row.at, zone)}</td><td><b>${row.name}</b> <span class="quiet">${row.roles.map(roleName).join(", ")}</span></td><td>${row.action.replaceAll("_", " ").replace(".", ": ")}</td><td>${row.outcome === "ok" ? t("allowed") : html`<span class="chip high-soft">${t("refused")}</span>`}</td></tr>`)}</tbody></table></div>`}
    <${Foot} list=${list} empty=${t("Nobody, in that time.")} /></section>`;
}
