// Packages of a client: what was sold, what is left of it, and what would go back.
import { all, get } from "../core/api.js";
import { parse, plain } from "../core/cents.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { date, dayIn } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { methodName, paymentLabels } from "../till/words.js";
import { Chosen, Foot, Form, Pick, State, Unchosen, useList, useRow, useRows, wrong } from "./parts.js";

export function Packages({ client, turn, chosen, choose, open, onDone }) {
  const list = useList("package-purchases/", { client }, turn);
  const row = useRow(list, "package-purchases/", chosen, turn);
  const [selling, sell] = useState(false);
  useRows((list.rows ?? []).map((one) => one.id), chosen, choose);
  const done = (made, replayed) => (sell(false), onDone(made, replayed), made && choose(made.id));
  return html`<section class="ac-l" aria-label=${t("Packages")}>
      <div class="sec-h"><h2>${t("Packages")}</h2><button type="button" class="b s" onClick=${() => sell(true)}><${Icon} name="plus" />${t("Sell a package")}</button></div>
      <div class="scroll"><table class="list">
        <thead><tr><th>${t("Package")}</th><th class="num">${t("Price")}</th><th class="num">${t("Used")}</th><th class="num">${t("Left")}</th></tr></thead>
        <tbody>${(list.rows ?? []).map((one) => html`<tr key=${one.id} class=${one.id === chosen ? "cur" : ""} onClick=${() => choose(one.id)}>
          <td><${Pick} id=${one.id} current=${one.id === chosen} onChoose=${() => choose(one.id)}>${one.name}<//> <span class="faint">${date(dayIn(one.created_at, "UTC"))}</span> <${State} status=${one.status} /></td>
          <td class="num">${plain(one.price)}</td><td class="num">${plain(one.drawn)}</td><td class="num"><b>${plain(one.unused)}</b></td>
        </tr>`)}</tbody>
      </table></div>
      <${Foot} list=${list} empty=${t("No package was sold to this client.")} />
    </section>
    <section class="ac-r" aria-label=${t("Chosen package")}>${row ? html`<${One} key=${row.id} row=${row} open=${open} />` : html`<${Unchosen}>${t("Choose a package to see what is left of it.")}<//>`}</section>
    ${selling && html`<${Sell} client=${client} open=${open} onDone=${done} onClose=${() => sell(false)} />`}`;
}

/** @param {{row: Api["PurchaseOut"], open: (dialog: object) => void}} props */
function One({ row, open }) {
  const about = html`<p><b>${row.name}</b></p><dl class="dl"><dt>${t("Price")}</dt><dd>${plain(row.price)}</dd><dt>${t("Used")}</dt><dd>${plain(row.drawn)}</dd><dt>${t("Goes back to the client, or pays something else")}</dt><dd><b>${plain(row.unused)}</b></dd></dl>
    <p class="quiet">${t("What was used stays paid. The rest is then credit: refund its payment, or allocate it.")}</p>`;
  const cancel = () => open({ kind: "why", path: `package-purchases/${row.id}/cancel/`, title: t("Cancel this package"), verb: t("Cancel the package"), about });
  const foot = row.allowed_moves.includes("cancel") && html`<button type="button" class="b go" onClick=${cancel}>${t("Cancel it…")}</button>`;
  return html`<${Chosen} title=${row.name} aside=${html`<${State} status=${row.status} />`} foot=${foot}>
    <dl class="dl"><dt>${t("Price")}</dt><dd>${plain(row.price)}</dd><dt>${t("Used")}</dt><dd>${plain(row.drawn)}</dd><dt>${t("Left")}</dt><dd><b>${plain(row.unused)}</b></dd>
      ${row.status === "cancelled" && html`<dt>${t("May go back now")}</dt><dd>${plain(row.refundable)}</dd><dt>${t("Why?")}</dt><dd>${row.cancel_reason}</dd>`}</dl>
    <h2>${t("What is in it")}</h2>
    <ul class="lines">${row.items.map((item, n) => html`<li key=${n}><span class="grow"><b>${item.code}</b> <span class="faint">${t("{amount} each", { amount: plain(item.unit_amount) })}</span></span><span>${t("{left} of {n} left", { left: item.left, n: item.quantity })}</span></li>`)}</ul>
    <p><a href=${`?tab=payments&row=${row.payment}`}>${t("The payment that it was bought with")}</a></p>
  <//>`;
}

/** Packages on offer, and payments that have something left. */
function useOffer(client) {
  const [state, set] = useState({ packages: [], payments: [], problem: null, here: false });
  useEffect(() => {
    Promise.all([all("packages/", { active: true }), get("payments/", { client, unallocated: true, status: "standing", page_size: 100 })]).then(
      ([packages, { results }]) => set({ packages, payments: results, problem: null, here: true }),
      (problem) => set((old) => ({ ...old, problem })),
    );
  }, [client]);
  return state;
}

function Sell({ client, open, onDone, onClose }) {
  const offer = useOffer(client);
  const [chosen, set] = useState("");
  const wanted = offer.packages.find((row) => row.id === chosen);
  const enough = wanted ? offer.payments.filter((row) => parse(row.unallocated) >= parse(wanted.price)) : [];
  const labels = { package: t("Package"), payment: paymentLabels().method };
  const bodyOf = (form) => {
    if (!chosen) throw wrong("package", t("Choose the package."));
    if (!form.get("payment")) throw wrong("payment", t("Take a payment of {price} first.", { price: plain(wanted.price) }));
    return { client, package: chosen, payment: form.get("payment") };
  };
  const first = () => (onClose(), open({ kind: "pay", amount: wanted.price, keep: true }));
  return html`<${Form} title=${t("Sell a package")} verb=${t("Sell it")} path="package-purchases/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`${offer.problem && html`<p class="note high" role="alert">${words(offer.problem)}</p>`}
      ${offer.here && !offer.packages.length && html`<p class="note med">${t("The clinic offers no package.")}</p>`}
      <${Field} name="package" label=${labels.package} wrong=${bad} options=${[["", t("Choose")], ...offer.packages.map((row) => [row.id, `${row.name}, ${plain(row.price)}`])]} onChange=${(event) => set(event.target.value)} />
      ${wanted && html`<ul class="lines">${wanted.items.map((item, n) => html`<li key=${n}><span class="grow">${item.code} × ${item.quantity}</span><span class="num">${plain(item.unit_amount)}</span></li>`)}</ul>`}
      <${Field} name="payment" label=${labels.payment} wrong=${bad} options=${[["", t("Choose")], ...enough.map((row) => [row.id, `${date(row.received_on)}, ${methodName(row.method)}, ${plain(row.unallocated)}`])]} />
      ${wanted && !enough.length && html`<p class="note">${t("No payment of this client has {price} left.", { price: plain(wanted.price) })} <button type="button" class="b s" onClick=${first}>${t("Take the payment first")}</button></p>`}`}
  <//>`;
}
