// What billing adds to the charges by hand: a fee without a session, and what is taken off a charge or put on it.
import { all } from "../core/api.js";
import { parse, plain, wire } from "../core/cents.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { date, dayIn, now } from "../core/time.js";
import { Field } from "../desk/parts/fields.js";
import { paymentLabels } from "../till/words.js";
import { Amount, amountIn, Form, wrong } from "./parts.js";
import { reasons } from "./words.js";

/** The clinic's own codes that stand for no session. */
function useOwnCodes() {
  const [state, set] = useState({ rows: [], problem: null });
  useEffect(() => {
    const owns = (row) => !row.requires.kinds.length && !row.requires.routes.length && !row.requires.drugs.length;
    all("service-codes/", { system: "INTERNAL", active: true }).then((rows) => set({ rows: rows.filter(owns), problem: null }), (problem) => set({ rows: [], problem }));
  }, []);
  return state;
}

/** @param {{client: string, places: any[], onDone: any, onClose: () => void}} props */
export function Charge({ client, places, onDone, onClose }) {
  const codes = useOwnCodes();
  const today = dayIn(now(), places[0]?.time_zone ?? "UTC");
  const labels = { code: t("Fee"), date_of_service: t("Day"), location: t("Clinic"), amount: paymentLabels().amount, amount_reason: t("Why less than the fee?") };
  const bodyOf = (form) => {
    if (!form.get("code")) throw wrong("code", t("Choose the fee."));
    const given = form.get("amount").trim() ? { amount: amountIn(form, "amount") } : {};
    const reason = form.get("amount_reason").trim();
    return { client, location: form.get("location"), code: form.get("code"), units: 1, date_of_service: form.get("date_of_service"), ...given, ...(reason ? { amount_reason: reason } : {}) };
  };
  return html`<${Form} title=${t("Charge a fee without a session")} verb=${t("Charge it")} path="charges/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<p class="quiet">${t("For a missed appointment and the like. It is the client's own to pay, and stands on no superbill.")}</p>
      ${codes.problem && html`<p class="note high" role="alert">${words(codes.problem)}</p>`}
      <${Field} name="code" label=${labels.code} wrong=${bad} options=${[["", t("Choose")], ...codes.rows.map((row) => [row.code, `${row.label} (${row.code})`])]} />
      <div class="two"><${Field} name="date_of_service" label=${labels.date_of_service} wrong=${bad} type="date" max=${today} defaultValue=${today} />
        <${Field} name="location" label=${labels.location} wrong=${bad} options=${places.map((row) => [row.id, row.name])} />
        <${Amount} name="amount" label=${labels.amount} wrong=${bad} hint=${t("Empty: the fee of the list")} />
        <${Field} name="amount_reason" label=${labels.amount_reason} wrong=${bad} hint=${t("Only for less than the fee")} /></div>`}
  <//>`;
}

/** @param {{charge: any, onDone: any, onClose: () => void}} props */
export function Adjust({ charge, onDone, onClose }) {
  const labels = { amount: paymentLabels().amount, reason: t("For which reason"), note: t("Note"), way: t("What it does") };
  const bodyOf = (form) => {
    const size = parse(amountIn(form, "amount"));
    if (!form.get("reason")) throw wrong("reason", t("Choose the reason."));
    return { charge: charge.id, amount: wire(form.get("way") === "on" ? size : -size), reason: form.get("reason"), note: form.get("note").trim() };
  };
  return html`<${Form} title=${t("Adjust this charge")} verb=${t("Adjust it")} path="adjustments/" labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(bad) => html`<p><b>${charge.label}</b> · ${date(charge.date_of_service)} · ${t("{amount} open", { amount: plain(charge.balance) })}</p>
      <div class="two"><${Field} name="way" label=${labels.way} wrong=${bad} options=${[["off", t("takes off")], ["on", t("puts on")]]} />
        <${Amount} name="amount" label=${labels.amount} wrong=${bad} autofocus /></div>
      <${Field} name="reason" label=${labels.reason} wrong=${bad} options=${[["", t("Choose")], ...reasons()]} />
      <${Field} name="note" label=${labels.note} wrong=${bad} maxlength="1000" hint=${t("Nothing about health")} />`}
  <//>`;
}
