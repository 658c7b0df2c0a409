// Who else may pay, and what this client pays: plans with their cards, and agreements on a sliding scale.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { date, dayIn, now } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { lazy } from "../core/lazy.js";
import { Foot, Form, State, useList } from "./parts.js";
import { intentName } from "./words.js";

const Card = lazy(() => import("./card.js"), "Card");
const Payer = lazy(() => import("./card.js"), "Payer");
const Agree = lazy(() => import("./fees.js"), "Agree");
const Scale = lazy(() => import("./fees.js"), "Scale");
const OVER = { card: Card, payer: Payer, agree: Agree, scale: Scale };

export function Cover({ client, places, turn, open, onDone }) {
  const [over, show] = useState(null);
  const [own, turned] = useState(0);
  const today = dayIn(now(), places[0]?.time_zone ?? "UTC");
  const done = (made, replayed) => (show(null), turned(own + 1), onDone(made, replayed));
  const Over = OVER[over?.kind];
  const common = { client, today, open, show, turn: `${turn} ${own}` };
  return html`<${Cards} ...${common} /><${Agreements} ...${common} />
    ${over?.kind === "end" ? html`<${End} ...${over} onDone=${done} onClose=${() => (show(null), turned(own + 1))} />` : Over && html`<${Over} key=${over.kind} ...${common} ...${over} onDone=${done} onClose=${() => show(null)} />`}`;
}

const span = (from, to) => (to ? `${date(from)} – ${date(to)}` : t("from {date}", { date: date(from) }));

function Cards({ client, turn, open, show }) {
  const list = useList("coverages/", { client }, turn);
  const about = (row) => html`<p><b>${row.payer_name || intentName(row.intent)}</b> ${row.member_id}</p>`;
  return html`<section class="ac-l" aria-label=${t("Plans")}>
    <div class="sec-h"><h2>${t("Plans")}</h2><button type="button" class="b s" onClick=${() => show({ kind: "payer" })}>${t("New payer")}</button><button type="button" class="b s" onClick=${() => show({ kind: "card" })}><${Icon} name="plus" />${t("Add a plan")}</button></div>
    <ul class="lines">${(list.rows ?? []).map((row) => html`<li key=${row.id} class=${row.status === "voided" ? "off" : ""}>
      <span class="grow"><b>${row.payer_name || intentName(row.intent)}</b> <span class="faint">${row.member_id}</span> <${State} status=${row.status} /><br />
        <span class="small quiet">${intentName(row.intent)} · ${span(row.valid_from, row.valid_to)}${row.subscriber && ` · ${t("held by {name}", { name: row.subscriber.name })}`}</span></span>
      ${row.allowed_moves.includes("void") && html`${!row.valid_to && html`<button type="button" class="b s" onClick=${() => show({ kind: "end", path: `coverages/${row.id}/`, row, field: "valid_to", about: about(row) })}>${t("End it…")}</button>`}
        <button type="button" class="b s" onClick=${() => open({ kind: "why", path: `coverages/${row.id}/void/`, title: t("Void this plan"), verb: t("Void the plan"), about: about(row) })}>${t("Void it…")}</button>`}
    </li>`)}</ul>
    <${Foot} list=${list} empty=${t("No plan is known of this client.")} />
  </section>`;
}

function Agreements({ client, turn, open, show }) {
  const list = useList("fee-agreements/", { client }, turn);
  const about = (row) => html`<p><b>${row.tier}</b> · ${t("{percent} % of the fee", { percent: Number(row.percent) })}</p>`;
  return html`<section class="ac-l" aria-label=${t("Agreements on fees")}>
    <div class="sec-h"><h2>${t("Agreements on fees")}</h2><button type="button" class="b s" onClick=${() => show({ kind: "scale" })}>${t("New scale")}</button><button type="button" class="b s" onClick=${() => show({ kind: "agree" })}><${Icon} name="plus" />${t("Agree on fees")}</button></div>
    <ul class="lines">${(list.rows ?? []).map((row) => html`<li key=${row.id} class=${row.status === "voided" ? "off" : ""}>
      <span class="grow"><b>${row.tier}</b> ${t("{percent} % of the fee", { percent: Number(row.percent) })} <${State} status=${row.status} /><br /><span class="small quiet">${span(row.from_date, row.to_date)} · ${row.basis}</span></span>
      ${row.allowed_moves.includes("void") && html`${!row.to_date && html`<button type="button" class="b s" onClick=${() => show({ kind: "end", path: `fee-agreements/${row.id}/`, row, field: "to_date", about: about(row) })}>${t("End it…")}</button>`}
        <button type="button" class="b s" onClick=${() => open({ kind: "why", path: `fee-agreements/${row.id}/void/`, title: t("Void this agreement"), verb: t("Void the agreement"), about: about(row) })}>${t("Void it…")}</button>`}
    </li>`)}</ul>
    <${Foot} list=${list} empty=${t("This client pays the fees of the list.")} />
  </section>`;
}

/** The last day of a plan or an agreement, with the version that is on the screen. */
function End({ path, row, field, about, onDone, onClose }) {
  const labels = { [field]: t("Last day") };
  return html`<${Form} title=${t("When does it end?")} verb=${t("End it")} path=${path} labels=${labels} how=${{ method: "PATCH", match: `"${row.version}"` }} bodyOf=${(form) => ({ [field]: form.get(field) || null })} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`${about}<${Field} name=${field} label=${labels[field]} wrong=${bad} type="date" autofocus />`}
  <//>`;
}
