// What the client of the chosen session owes, and a payment that the desk takes. It reads the balance, and nothing behind it.
import { announce } from "../core/announce.js";
import { get } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { has } from "../core/me.js";
import { Problem } from "../core/problem.js";
import { dayIn, now } from "../core/time.js";
import { accountOf, allOfIt, inCredit, methods, owes, owesNothing, paymentLabels, referenceHint, staysCredit, taken, takeIt, takePayment, unreadAmount, unsure, writtenOnce } from "../till/words.js";
import { Faults, Field, wrongOf } from "./parts/fields.js";

/** "1,650.00" of "-1650.00" */
const shown = (amount) => amount.replace("-", "").replace(/\B(?=(\d{3})+\.)/g, ",");

/** "Owes 120.00", that nothing is owed, or what is too much. */
/** What is owed now; where nothing is, the credit: money of a package pays no other service. */
const dueOf = ({ owes, balance }) => (/[1-9]/.test(owes) ? owes : balance.startsWith("-") ? balance : "0.00");

function standing(balance) {
  if (/^-?0+\.00$/.test(balance)) return owesNothing();
  return balance.startsWith("-") ? inCredit(shown(balance)) : owes(shown(balance));
}

/** @param {{row: any, turn: any, open: (dialog: object) => void}} props */
export function Owes({ row, turn, open }) {
  const [balance, set] = useState("");
  useEffect(() => {
    let over = false;
    get(`clients/${row.client}/account/`).then((found) => !over && set(dueOf(found)), () => !over && set("")); // an old figure is worse than none
    return () => {
      over = true;
    };
  }, [row.client, turn]);
  if (!balance) return null;
  return html`<p class="row wrap"><${Icon} name="coin" /><b class="grow">${standing(balance)}</b>
    ${has("medical_director") && html`<a class="b bare s" href=${`/billing/clients/${row.client}`}>${accountOf()}</a>`}
    <button type="button" class="b s" onClick=${() => open({ kind: "pay", row, balance })}>${takePayment()}</button></p>`;
}

/** @param {{row: any, balance: string, here: any, onDone: () => void, onClose: () => void}} props */
export function Pay({ row, balance, here, onDone, onClose }) {
  const [amount, type] = useState("");
  const [twice, tell] = useState(false);
  const paying = useWrite((made, replayed) => {
    if (replayed) return tell(true);
    announce(taken(shown(made.amount)));
    return onDone();
  }, unsure);
  const [labels, wrong] = [paymentLabels(), wrongOf(paying.problem)];
  function take(event) {
    event.preventDefault();
    const given = new FormData(event.target);
    const cents = amount.trim().replace(",", ".");
    if (!/^\d{1,9}(\.\d{1,2})?$/.test(cents) || !/[1-9]/.test(cents)) return paying.fail(unread());
    return paying.write("payments/", { client: row.client, location: here.id, amount: cents, method: given.get("method"), received_on: dayIn(now(), here.time_zone), reference: String(given.get("reference")).trim() });
  }
  if (twice) return html`<${Dialog} title=${takePayment()} onClose=${onDone}><p class="db" role="status">${writtenOnce()}</p><//>`;
  return html`<${Dialog} title=${takePayment()} onClose=${onClose}>
    <form onSubmit=${take} novalidate>
      <div class="db">
        <p class="row wrap"><b class="grow">${row.client_name}</b> ${standing(balance)}
          ${/^[^-]*[1-9]/.test(balance) && html`<button type="button" class="b s" onClick=${() => type(balance)}>${allOfIt()}</button>`}</p>
        <${Faults} problem=${paying.problem} labels=${labels} />
        <div class="two"><${Field} name="amount" label=${labels.amount} wrong=${wrong} autofocus inputmode="decimal" maxlength="12" value=${amount} onInput=${(event) => type(event.target.value)} />
          <${Field} name="method" label=${labels.method} wrong=${wrong} options=${methods()} /></div>
        <${Field} name="reference" label=${labels.reference} wrong=${wrong} maxlength="80" hint=${referenceHint()} />
        <p class="small quiet">${staysCredit()}</p>
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" disabled=${paying.busy || undefined}>${paying.busy ? t("Saving…") : takeIt()}</button>
      </div>
    </form>
  <//>`;
}

function unread() {
  const detail = unreadAmount();
  return new Problem({ status: 400, code: "invalid", title: detail, errors: [{ pointer: "/amount", detail }] });
}
