// An order for one dose: written, or written again as the last one was. Above the cap it waits for a second prescriber.
import { all, get } from "../core/api.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { parse, wire } from "../core/milligrams.js";
import { sentence } from "../core/problem.js";
import { dayIn, instant } from "../core/time.js";
import { useKept } from "../care/loaded.js";
import { Field, Form, Refusal, Send, Where, Words, toFault } from "../care/parts.js";
import { Who, routeName, when } from "../care/who.js";
import { sessionName } from "./words.js";

/** The session that lacks an order, and the orders of the course so far, the newest first. */
export async function loadOrder(row) {
  const id = row.session ?? row.subject.id;
  const [session, orders] = await Promise.all([get(`sessions/${id}/`), all("orders/", { program: row.program, ordering: "-created_at" }, 100)]);
  return { session, orders };
}

const AMOUNTS = ["amount", "most"];
const bare = (text) => (text === null ? "" : String(text).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ""));

function first({ session, protocol, orders, zone }) {
  const last = orders.find((row) => !row.waits);
  const end = { day: dayIn(session.ends_at, zone), time: "23:59" };
  const base = { drug: last?.drug ?? "ketamine", unit: "mg", amount: "", most: "", form: "", reason: "", above: "", ...end };
  return { ...base, unit: protocol.dose.unit === "mg/kg" && session.weight_kg ? "mg/kg" : "mg" };
}

/** @param {{row: any, about: any, subject: any, onDone: (said: string) => void, onBack?: () => void}} props `onBack`: it takes the place of one that waits */
export function Order({ row, about, subject, onDone, onBack }) {
  const { session, orders } = subject;
  const { protocol, zone } = about;
  const [form, set] = useKept(row.subject.id, first({ session, protocol, orders, zone }));
  const [tried, tell] = useState(false);
  const write = useWrite((order) => onDone(order.waits ? t("The order is written. A second prescriber has to approve it.") : t("The order is written.")));
  const last = orders[0];
  const faults = Object.fromEntries([...AMOUNTS.map((name) => [name, !parse(form[name])]), ["drug", !form.drug.trim()], ["time", !/^([01]\d|2[0-3]):[0-5]\d$/.test(form.time)]]);
  const errors = Object.fromEntries((write.problem?.errors ?? []).map((one) => [one.pointer.slice(1), sentence(one)]));
  const above = form.above || write.problem?.code === "dose_above_cap" || errors.above_cap_reason;

  function send() {
    tell(true);
    if (Object.values(faults).some(Boolean)) return toFault();
    const amount = wire(parse(form.amount));
    return write.write(`sessions/${session.id}/orders/`, {
      drug: form.drug.trim(),
      route: protocol.route,
      ...(form.unit === "mg" ? { dose_mg: amount } : { dose_mg_per_kg: amount }),
      max_total_mg: wire(parse(form.most)),
      valid_until: new Date(instant(form.day, form.time, zone)).toISOString(),
      form: form.form.trim(),
      reason: form.reason.trim(),
      above_cap_reason: form.above.trim(),
    });
  }
  const renew = () => set({ drug: last.drug, unit: "mg", amount: bare(last.dose_mg), most: bare(last.max_total_mg), form: last.form });
  const field = (name, label, more) => html`<${Field} id=${`o-${name}`} label=${label} value=${form[name]} set=${(value) => set({ [name]: value })} ...${more} />`;
  const number = { inputmode: "decimal" };
  const lacks = (name, ...codes) => codes.map((code) => errors[code]).find(Boolean) ?? (tried && faults[name] ? t("An amount above 0, as 57.5.") : "");
  return html`<section class="de">
    <${Who} about=${about}>
      <div><dt>${t("Weight")}</dt><dd>${session.weight_kg ? t("{kg} kg", { kg: Number(session.weight_kg) }) : t("not weighed")}</dd></div>
    <//>
    <${Form} label=${t("The order")} onSend=${send}>
      <div class="de-b pad">
        <h2 class="h1">${t("Order for {session}, {when}", { session: sessionName(session), when: when(session.starts_at, zone) })}</h2>
        <p class="quiet">${t("Protocol {name}: {route}, usually up to {warn} {unit}, at most {cap} {unit} without a second prescriber.", { name: protocol.name, route: routeName(protocol.route), warn: protocol.dose.warn, cap: protocol.dose.cap, unit: protocol.dose.unit })}</p>
        <${Before} orders=${orders} zone=${zone} />
        ${onBack && html`<div><button type="button" class="b" onClick=${onBack}>${t("Back to the one above the cap")}</button></div>`}
        ${last && html`<div><button type="button" class="b" onClick=${renew}>${t("As last time: {mg} mg", { mg: bare(last.dose_mg) })}</button></div>`}
        <div class="two">
          ${field("drug", t("Drug"), { wrong: errors.drug ?? (tried && faults.drug ? t("Name the drug.") : "") })}
          ${field("form", t("Form, if it matters: troche, vial"), {})}
          <${Field} id="o-unit" label=${t("Dose in")} value=${form.unit} set=${(unit) => set({ unit })} hint=${session.weight_kg ? "" : t("mg/kg takes a weight: the client is not weighed yet.")}><option value="mg">mg</option><option value="mg/kg">mg/kg</option><//>
          ${field("amount", t("Dose, {unit}", { unit: form.unit }), { ...number, wrong: lacks("amount", "dose_mg", "dose_mg_per_kg") })}
          ${field("most", t("In all at most, mg"), { ...number, wrong: lacks("most", "max_total_mg") })}
          <div class="two">${field("day", t("Valid until"), { type: "date", wrong: errors.valid_until })}
            ${field("time", t("Time of day, as 14:30"), { inputmode: "numeric", maxlength: 5, wrong: tried && faults.time ? t("Hours and minutes, as 14:30.") : "" })}</div>
        </div>
        ${field("reason", t("Note to the nurse, if there is one"), {})}
        ${above && html`<${Words} id="o-above" label=${t("Why above the cap?")} value=${form.above} set=${(value) => set({ above: value })} wrong=${errors.above_cap_reason} hint=${t("A second prescriber reads it and approves, before anything is given.")} />`}
      </div>
      <footer class="dc"><${Refusal} problem=${write.problem} />
        <div class="end"><${Where} write=${write} dirty=${form.amount} /><${Send} busy=${write.busy} word=${t("Write the order")} /></div>
      </footer>
    <//>
  </section>`;
}

/** The orders of this course so far, so that the next dose is seen beside them. */
export function Before({ orders, zone }) {
  if (!orders.length) return html`<p class="quiet small">${t("This is the first order of the course.")}</p>`;
  return html`<table class="list"><caption class="vh">${t("Orders of this course")}</caption><thead><tr><th scope="col">${t("For the dose of")}</th><th scope="col">${t("Drug")}</th><th scope="col" class="num">${t("Dose")}</th><th scope="col" class="num">${t("At most")}</th><th scope="col">${t("Valid until")}</th></tr></thead><tbody>
    ${orders.slice(0, 5).map((row) => html`<tr key=${row.id}><td>${when(row.starts_at, zone)}</td><td>${row.drug}</td><td class="num">${bare(row.dose_mg)} mg${row.waits && html`<br /><span class="small">${t("waits for a second prescriber")}</span>`}</td><td class="num">${bare(row.max_total_mg)} mg</td><td>${when(row.valid_until, zone)}</td></tr>`)}
  </tbody></table>`;
}
