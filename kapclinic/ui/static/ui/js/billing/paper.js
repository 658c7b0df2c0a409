// A superbill as the client gets it. The paper is written in English whatever the screen speaks, and dates stand on it
// as they are printed.
import { html } from "../core/h.js";
import { money, parse, plain } from "../core/cents.js";

/** "11/30/2026" of "2026-11-30", as on the printed page. */
function us(day) {
  if (!day) return "";
  const [y, m, d] = day.split("-");
  return `${m}/${d}/${y}`;
}

function titled(who) {
  return who.credentials ? `${who.name}, ${who.credentials}` : who.name;
}

/** Those of some values that are different, in their order. */
function once(values, text = JSON.stringify) {
  return [...new Map(values.map((value) => [text(value), value])).values()];
}

/** @param {{paper: Api["SuperbillPreviewOut"]}} props an issued one has its number */
export function Paper({ paper }) {
  const people = once(paper.lines.map((line) => line.rendering));
  return html`<article class="paper" lang="en" aria-label="Superbill" tabindex="0">
    <${Head} paper=${paper} />
    <${Parties} paper=${paper} people=${people} />
    <${Lines} lines=${paper.lines} people=${people} />
    <${Sums} paper=${paper} />
    <${Signed} paper=${paper} />
    <footer>${paper.notes.map((note) => html`<p key=${note}>${note}</p>`)}</footer>
  </article>`;
}

function Head({ paper }) {
  const by = paper.billing_provider;
  const known = [by.phone, by.ein && `EIN ${by.ein}`, by.npi && `NPI ${by.npi}`].filter(Boolean);
  return html`<header>
    <div><b class="pn">${by.name}</b><p>${by.address.join(", ")}<br />${known.join(" · ")}</p></div>
    <div class="ti"><b>Superbill</b><p>${paper.number ? `Number ${paper.number}, issued ${us(paper.issued_on)}` : "Not issued yet"}</p></div>
  </header>`;
}

function Parties({ paper, people }) {
  const [who, policy] = [paper.client_as, paper.subscriber];
  return html`<div class="cols3">
    <div><h4>Client</h4><p><b>${who.name}</b><br />Born ${us(who.date_of_birth)}<br />${who.address.join(", ")}${who.mrn && html`<br />Record ${who.mrn}`}</p>
      ${policy && html`<h4>Insured</h4><p><b>${policy.name}</b>, ${policy.relationship}<br />${[policy.payer, policy.member_id && `member ${policy.member_id}`, policy.group_number && `group ${policy.group_number}`].filter(Boolean).join(", ")}${policy.date_of_birth && html`<br />Born ${us(policy.date_of_birth)}`}</p>`}</div>
    <div><h4>Rendered by</h4>${people.map((one, i) => html`<p key=${i}>${people.length > 1 && `${i + 1}. `}<b>${titled(one)}</b><br />NPI ${one.npi}${one.license && html`<br />${one.license}`}${one.supervisor && html`<br />supervised by ${titled(one.supervisor)}, NPI ${one.supervisor.npi}`}</p>`)}</div>
    <div><h4>Diagnoses</h4>${paper.diagnoses.map((one) => html`<p key=${one.code}><b>${one.letter}</b> ${one.code} ${one.description}</p>`)}
      <h4>Dates</h4><p>${us(paper.from_date)} to ${us(paper.to_date)}</p></div>
  </div>`;
}

function Lines({ lines, people }) {
  const forgiven = lines.some((line) => parse(line.adjustment) !== 0);
  const place = (line) => people.findIndex((one) => JSON.stringify(one) === JSON.stringify(line.rendering)) + 1;
  return html`<table>
    <thead><tr><th>Date</th><th>POS</th><th>Service</th><th>Dx</th><th class="num">Units</th>${people.length > 1 && html`<th>Prov.</th>`}<th class="num">Fee</th>${forgiven && html`<th class="num">Adj.</th>`}<th class="num">Paid</th></tr></thead>
    <tbody>${lines.map((line) => html`<tr key=${line.charge}>
      <td class="nowrap">${us(line.date_of_service)}</td><td>${line.pos_code}</td>
      <td><b>${[line.code, ...line.modifiers].join(" ")}</b><br /><small>${line.label}${line.drug && html`<br />${[line.drug, line.dose, line.route].filter(Boolean).join(", ")}`}${line.ndc && html`<br />NDC ${line.ndc}`}</small></td>
      <td>${line.pointers.join(" ")}</td><td class="num">${line.units}</td>${people.length > 1 && html`<td>${place(line)}</td>`}
      <td class="num">${plain(line.amount)}</td>${forgiven && html`<td class="num">${plain(line.adjustment)}</td>`}<td class="num">${plain(line.paid)}</td>
    </tr>`)}</tbody>
  </table>`;
}

const METHODS = { cash: "Cash", check: "Check", card: "Card", hsa_card: "HSA card", fsa_card: "FSA card", ach: "Bank transfer", other: "Other" };

function Sums({ paper }) {
  const sums = paper.totals;
  return html`<div class="tots">
    ${paper.payments.length > 0 && html`<p>${paper.payments.map((one) => `${us(one.received_on)} ${METHODS[one.method] ?? one.method}${one.reference ? ` ${one.reference}` : ""}: ${money(one.amount)}`).join(" · ")}</p>`}
    <div class="tot"><span>Charges <b>${money(sums.charges)}</b></span><span>Adjustments <b>${money(sums.adjustments)}</b></span><span>Paid <b>${money(sums.paid)}</b></span><span class="bal">Balance <b>${money(sums.balance)}</b></span></div>
  </div>`;
}

/** Each who signed once, with the last day on which they did. */
function Signed({ paper }) {
  const signed = paper.lines.map((line) => line.signature).filter(Boolean).sort((a, b) => b.signed_on.localeCompare(a.signed_on));
  const last = once(signed, (one) => one.name);
  return html`<p class="sg">${last.length > 0 && html`Signatures on file: ${last.map((one) => `${one.name}, signed ${us(one.signed_on)}`).join(" · ")}. `}Reimburse: the client.${paper.submit_by && ` Submit by ${us(paper.submit_by)}.`}</p>`;
}
