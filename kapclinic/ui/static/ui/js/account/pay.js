// Money that comes in, and which charges it pays: the oldest first, unless somebody says otherwise.
import { all } from "../core/api.js";
import { parse, plain, sum, wire } from "../core/cents.js";
import { html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { place } from "../core/me.js";
import { words } from "../core/problem.js";
import { date, dayIn, now } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { methods, paymentLabels, referenceHint, takeIt, takePayment, unreadAmount } from "../till/words.js";
import { Amount, amountIn, Form, wrong } from "./parts.js";

const HEALTH = ["hsa_card", "fsa_card"];

function useOwed(client) {
  const [state, set] = useState({ rows: [], problem: null });
  useEffect(() => {
    all("charges/", { client, owed: true, ordering: "date_of_service" }).then((rows) => set({ rows, problem: null }), (problem) => set({ rows: [], problem }));
  }, [client]);
  return state;
}

/** Charge -> amount, the oldest first; a health card pays no line that is the client's own, and nothing pays by itself
 * for what the director has still to confirm. */
export function spread(rows, cents, health) {
  const found = {};
  for (const row of rows) {
    const part = Math.min(cents, parse(row.balance));
    if (part <= 0 || row.status === "review" || (health && row.line_kind === "self_pay")) continue;
    found[row.id] = wire(part);
    cents -= part;
  }
  return found;
}

/** What goes to which charge: spread by itself until somebody types. `cents` may be null while no amount is readable. */
function useShares(rows, cents, health) {
  const [typed, type] = useState(null);
  const sent = useRef([]);
  const shares = typed ?? spread(rows, cents ?? 0, health);
  const given = rows.filter((row) => (shares[row.id] ?? "").trim());
  const total = sum(given.map((row) => shares[row.id]));
  /** The allocations of a body. @throws {Problem} */
  const read = () => {
    sent.current = given.map((row) => row.id);
    return given.map((row) => {
      const part = parse(shares[row.id]);
      if (part === null || part <= 0) throw wrong(`share-${row.id}`, unreadAmount());
      return { charge: row.id, amount: wire(part) };
    });
  };
  const named = (field) => {
    const at = /^allocations\/(\d+)\//.exec(field);
    return at ? `share-${sent.current[Number(at[1])]}` : field;
  };
  return { shares, type: (id, text) => type({ ...shares, [id]: text }), none: () => type({}), oldest: () => type(null), total, left: total === null || cents === null ? null : cents - total, read, named };
}

const shareLabel = (row) => `${row.label}, ${date(row.date_of_service)}`;
const labelsOf = (rows) => Object.fromEntries(rows.map((row) => [`share-${row.id}`, shareLabel(row)]));

function Shares({ owed, shares, bad }) {
  return html`${owed.problem && html`<p class="note high" role="alert">${words(owed.problem)}</p>`}
    ${owed.rows.length > 0 && html`<fieldset><legend>${t("What it pays")}</legend>
      <p class="row wrap"><button type="button" class="b s" onClick=${shares.oldest}>${t("The oldest first")}</button><button type="button" class="b s" onClick=${shares.none}>${t("Nothing yet: keep it as credit")}</button></p>
      <ul class="shares">${owed.rows.map((row) => html`<li key=${row.id}>
        <${Amount} name=${`share-${row.id}`} label=${html`${shareLabel(row)} <span class="faint">${t("{amount} open", { amount: plain(row.balance) })}</span>`} wrong=${bad} value=${shares.shares[row.id] ?? ""} onInput=${(event) => shares.type(row.id, event.target.value)} />
      </li>`)}</ul></fieldset>`}
    <p role="status">${shares.left === null || shares.left + (shares.total ?? 0) <= 0 ? "" : shares.left < 0 ? t("{amount} more is allocated than there is.", { amount: plain(-shares.left) }) : t("{amount} stays as credit until it is allocated to a charge.", { amount: plain(shares.left) })}</p>`;
}

/** @param {{client: string, account: any, places: any[], amount?: string, keep?: boolean, onDone: any, onClose: () => void}} props `keep`: it pays nothing yet */
export function Pay({ client, account, places, amount, keep, onDone, onClose }) {
  const owed = useOwed(client);
  const [form, set] = useState({ amount: amount ?? "", method: "card" });
  const rows = keep ? [] : owed.rows;
  const shares = useShares(rows, parse(form.amount), HEALTH.includes(form.method));
  const today = dayIn(now(), place.get().time_zone);
  const owes = parse(account?.owes);
  const labels = { ...paymentLabels(), location: t("Clinic"), allocations: t("What it pays"), ...labelsOf(rows) };
  const bodyOf = (given) => {
    const body = { client, amount: amountIn(given, "amount"), method: form.method, received_on: given.get("received_on"), reference: given.get("reference").trim(), ...(given.get("location") ? { location: given.get("location") } : {}) };
    if (shares.left < 0) throw wrong("amount", t("Type {amount} or more, or allocate less.", { amount: plain(shares.total) }));
    return { ...body, allocations: shares.read() };
  };
  return html`<${Form} title=${takePayment()} verb=${takeIt()} path="payments/" labels=${labels} bodyOf=${bodyOf} named=${shares.named} onDone=${onDone} onClose=${onClose} wide>
    ${(bad) => html`<p><b>${account?.client_name}</b> ${owes > 0 && html`<button type="button" class="b s" onClick=${() => set({ ...form, amount: wire(owes) })}>${t("All that is owed: {amount}", { amount: plain(owes) })}</button>`}</p>
      <div class="two"><${Amount} name="amount" label=${labels.amount} wrong=${bad} autofocus value=${form.amount} onInput=${(event) => set({ ...form, amount: event.target.value })} />
        <${Field} name="method" label=${labels.method} wrong=${bad} options=${methods()} onChange=${(event) => set({ ...form, method: event.target.value })} />
        <${Field} name="received_on" label=${labels.received_on} wrong=${bad} type="date" max=${today} defaultValue=${today} />
        <${Field} name="reference" label=${labels.reference} wrong=${bad} maxlength="80" hint=${referenceHint()} />
        <${Field} name="location" label=${labels.location} wrong=${bad} defaultValue=${place.get().id} options=${places.map((row) => [row.id, row.name])} /></div>
      <${Shares} owed=${{ ...owed, rows }} shares=${shares} bad=${bad} />`}
  <//>`;
}

/** @param {{client: string, payment: any, onDone: any, onClose: () => void}} props */
export function Allocate({ client, payment, onDone, onClose }) {
  const owed = useOwed(client);
  const shares = useShares(owed.rows, parse(payment.unallocated), HEALTH.includes(payment.method));
  const labels = { allocations: t("What it pays"), ...labelsOf(owed.rows) };
  const bodyOf = () => {
    const allocations = shares.read();
    if (!allocations.length) throw wrong("allocations", t("Type how much goes to which charge."));
    return { allocations };
  };
  return html`<${Form} title=${t("Allocate this payment")} verb=${t("Allocate it")} path=${`payments/${payment.id}/allocate/`} labels=${labels} how=${{ match: `"${payment.version}"` }} bodyOf=${bodyOf} named=${shares.named} onDone=${onDone} onClose=${onClose} wide>
    ${(bad) => html`<p><b>${t("{amount} is not allocated", { amount: plain(payment.unallocated) })}</b> ${owed.rows.length === 0 && !owed.problem && t("Nothing is owed.")}</p>
      <${Shares} owed=${owed} shares=${shares} bad=${bad} />`}
  <//>`;
}
