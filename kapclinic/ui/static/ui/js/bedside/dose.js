// Giving the dose: the order, what was drawn, given and wasted, the gates, and a second person for what is wasted.
import { all, call } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { parse, shown, wire } from "../core/milligrams.js";
import { Problem, byField, words } from "../core/problem.js";
import { clock, date, dayIn, dayShort, MINUTE } from "../core/time.js";
import { useNow } from "../frame/net.js";
import { useIntent, useOnce } from "../core/intent.js";
import { signed, Witness } from "../signin/witness.js";
import { Gates, useReadiness } from "./gates.js";
import { isHome } from "./known.js";
import { standingOrder } from "./orders.js";
import { mg } from "./words.js";

const ROUTES = {
  sublingual: () => t("sublingual"),
  oral: () => t("by mouth"),
  intranasal: () => t("in the nose"),
  intramuscular: () => t("into the muscle"),
  subcutaneous: () => t("under the skin"),
  intravenous: () => t("into the vein"),
};
const INJECTED = ["intramuscular", "subcutaneous", "intravenous"];

function given(data) {
  const rows = data.given.filter((row) => !row.voided);
  return rows.reduce((sum, row) => sum + (parse(row.given_mg ?? row.dose_mg) ?? 0), 0);
}

/** @param {{data: any, place: any, again: () => void, onDone: () => void, onClose: () => void}} props */
export function Dose({ data, place, again, onDone, onClose }) {
  const ready = useReadiness(data.session.id);
  const order = standingOrder(data.orders);
  const [form, set] = useState(() => firstForm(order, data));
  const [state, tell] = useState({ busy: false, problem: null });
  const intent = useIntent(form);
  const once = useOnce();
  const secret = useRef(null);
  const lots = useLots(place, order);
  const change = (values) => (set({ ...form, ...values }), tell({ busy: false, problem: null }));
  const sums = sumsOf(form);
  const stops = stopOf({ order, form, sums, ready });

  async function save() {
    tell({ busy: true, problem: null });
    const { key, at } = intent.sent();
    try {
      const witness = sums.waste > 0 ? { witness: signed(form.witness, secret.current.value) } : {};
      await call("POST", `sessions/${data.session.id}/administrations/`, { body: { ...bodyOf(form, sums, order, at), ...witness }, key });
      onDone();
    } catch (problem) {
      if (intent.acted(problem)) return onDone();
      tell({ busy: false, problem });
      ready.again();
    } finally {
      if (secret.current) secret.current.value = "";
    }
  }
  const errors = state.problem instanceof Problem ? byField(state.problem) : {};
  return html`<${Dialog} title=${t("Give the dose")} onClose=${onClose} wide>
    <form class="dose touch" onSubmit=${(event) => (event.preventDefault(), stops || once(save))}>
      <p class="sub small quiet">${data.session.client_name} · ${data.banner.mrn} · ${t("born {date}", { date: date(data.banner.date_of_birth) })}</p>
      <div class="dg2">
        <section>
          <${Order} order=${order} before=${given(data)} dose=${sums.dose} zone=${place.time_zone} />
          ${order && html`<${Source} home=${isHome(data.session)} form=${form} order=${order} lots=${lots} change=${change} />`}
          ${order && html`<${Amounts} form=${form} sums=${sums} lots=${lots} change=${change} />`}
          <${Gates} ready=${ready} session=${data.session} zone=${place.time_zone} onCleared=${() => (ready.again(), again())} />
        </section>
        <section class="wit">
          <${When} form=${form} change=${change} zone=${place.time_zone} />
          ${sums.waste > 0 && html`<h3>${t("Waste needs a second person")}</h3><p class="small quiet">${t("They saw it, and sign here with their own password. It cannot be you.")}</p>
            <${Witness} place=${place} chosen=${form.witness} onChoose=${(witness) => change({ witness })} field=${secret} wrong=${errors["witness/password"] ?? errors.witness} />`}
          <p class="note low"><${Icon} name="wifi" /><span>${t("A dose is recorded online only. Without a network, write it on paper and enter it afterwards.")}</span></p>
          ${state.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(state.problem)} ${state.problem.passing && t("Press again when the network is back: it is recorded once.")}</span></p>`}
          <button class="b go save2" aria-disabled=${stops ? "true" : undefined} aria-describedby="stops">${state.busy ? t("Saving…") : recordWords(sums)}</button>
          <p class="small quiet" id="stops">${stops}</p>
        </section>
      </div>
    </form>
  <//>`;
}

function firstForm(order, data) {
  const dose = order ? shown(parse(order.dose_mg)) : "";
  const stock = order && INJECTED.includes(order.route) && !isHome(data.session);
  return {
    supply: stock ? "clinic_stock" : data.given.find((row) => !row.voided)?.supply ?? "client_prescription",
    by: stock ? "staff" : "self_observed",
    lot: "",
    dose,
    drawn: dose,
    witness: "",
    devices: order?.drug === "esketamine" ? "1" : "",
    back: 0,
  };
}

/** {dose, drawn, waste} in thousandths of a mg; null where nothing readable stands. */
function sumsOf(form) {
  const [dose, drawn] = [parse(form.dose), form.supply === "clinic_stock" ? parse(form.drawn) : parse(form.dose)];
  return { dose, drawn, waste: dose === null || drawn === null ? null : drawn - dose };
}

/** What stops the button, in words, or "". */
function stopOf({ order, form, sums, ready }) {
  if (!order) return t("There is no order that stands. A prescriber writes one.");
  if (sums.dose === null || sums.dose === 0) return t("Say how many mg were given.");
  if (sums.drawn === null || sums.waste < 0) return t("What was drawn is less than what was given.");
  if (form.supply === "clinic_stock" && !form.lot) return t("Choose the lot.");
  if (sums.waste > 0 && !form.witness) return t("Choose who saw the waste.");
  if (ready.data && !ready.data.ready) return t("What is missing comes first.");
  return "";
}

function bodyOf(form, sums, order, at) {
  const stock = form.supply === "clinic_stock";
  return {
    order: order.id,
    dose_mg: wire(sums.dose),
    supply: form.supply,
    given_by: form.by,
    administered_at: new Date(at - form.back * MINUTE).toISOString(),
    ...(form.devices ? { devices: Number(form.devices) } : {}),
    ...(stock ? { drug_lot: form.lot, drawn_mg: wire(sums.drawn), given_mg: wire(sums.dose), wasted_mg: wire(sums.waste) } : {}),
  };
}

function recordWords(sums) {
  if (!sums.dose) return t("Record the dose");
  if (sums.waste > 0) return t("Record {given} mg given, {wasted} mg wasted", { given: shown(sums.dose), wasted: shown(sums.waste) });
  return t("Record {given} mg given", { given: shown(sums.dose) });
}

function useLots(place, order) {
  const [rows, set] = useState(null);
  useEffect(() => {
    let over = false;
    if (!order) return undefined;
    all("drug-lots/", { location: place.id })
      .then((found) => !over && set(found.filter((lot) => lot.drug === order.drug && !lot.voided && parse(lot.balance_mg) > 0)))
      .catch(() => {});
    return () => {
      over = true;
    };
  }, [place.id, order?.id]);
  return rows;
}

/** "11:54", or with its day when the other moment is of another day. */
function moment(at, other, zone) {
  const day = dayIn(at, zone);
  return day === dayIn(other, zone) ? clock(at, zone) : `${dayShort(day)} ${clock(at, zone)}`;
}

function Order({ order, before, dose, zone }) {
  if (!order) return html`<p class="note high">${t("There is no order that stands. A prescriber writes one.")}</p>`;
  const most = parse(order.max_total_mg);
  const part = (thousandths) => Math.max(0, Math.min(100, (100 * thousandths) / most));
  return html`<p><b>${t("Order")}</b> <span class="quiet">${t("{time}, valid until {until}", { time: moment(order.created_at, order.valid_until, zone), until: moment(order.valid_until, order.created_at, zone) })}</span></p>
    <div class="ord"><b>${order.drug} ${mg(order.dose_mg)} ${ROUTES[order.route]?.() ?? order.route}</b>
      <span>${order.dose_mg_per_kg ? `${Number(order.dose_mg_per_kg)} mg/kg · ` : ""}${t("maximum in this session {mg}", { mg: mg(order.max_total_mg) })}</span></div>
    <div><div class="tb2" aria-hidden="true"><i class="had" style=${{ "--w": part(before) }}></i><i class="now2" style=${{ "--w": part(dose ?? 0) }}></i></div>
      <div class="row small"><span class="grow">${t("{mg} mg given before", { mg: shown(before) })}</span><b class="grow">${t("this dose {mg} mg", { mg: shown(dose ?? 0) })}</b><span>${t("maximum {mg} mg", { mg: shown(most) })}</span></div></div>`;
}

function Source({ home, form, order, lots, change }) {
  if (home) return html`<p class="note"><${Icon} name="video" />${t("At home: the client's own lozenges or tablets alone. The client takes it, and you watch on video.")}</p>`;
  const choice = (name, value, label) => html`<button type="button" role="radio" aria-checked=${form[name] === value} onClick=${() => change({ [name]: value })}>${label}</button>`;
  return html`<div class="g2">
    <div class="f"><span class="label" id="supply">${t("From")}</span>
      <div class="seg full" role="radiogroup" aria-labelledby="supply">${choice("supply", "clinic_stock", t("Our stock"))}${choice("supply", "client_prescription", t("The client's own"))}</div></div>
    <div class="f"><span class="label" id="by">${t("Given by")}</span>
      <div class="seg full" role="radiogroup" aria-labelledby="by">${choice("by", "staff", t("I give it"))}${choice("by", "self_observed", t("Client takes it, I watch"))}</div></div>
    ${form.supply === "clinic_stock" && html`<div class="f"><label for="lot">${t("Lot")}</label>
      <select id="lot" value=${form.lot} onChange=${(event) => change({ lot: event.target.value })}><option value="">${t("Choose")}</option>
        ${lots?.map((lot) => html`<option key=${lot.id} value=${lot.id}>${lot.lot_number} · ${t("holds {mg}", { mg: mg(lot.balance_mg) })} · ${t("until {date}", { date: date(lot.expires_on) })}</option>`)}</select>
      ${lots?.length === 0 && html`<span class="small">${t("No lot in the safe holds this drug.")} <a href="/safe?view=receive">${t("Open the safe")}</a></span>`}</div>`}
    ${order.drug === "esketamine" && html`<div class="f"><label for="devices">${t("Devices")}</label><input id="devices" inputmode="numeric" value=${form.devices} onInput=${(event) => change({ devices: event.target.value })} /></div>`}
  </div>`;
}

function Amounts({ form, sums, lots, change }) {
  const input = (name, label) => html`<div class="f"><label for=${name}>${label}</label><input class="mgs" id=${name} inputmode="decimal" autocomplete="off" value=${form[name]} onInput=${(event) => change({ [name]: event.target.value })} /></div>`;
  if (form.supply !== "clinic_stock") return html`<div class="g2">${input("dose", t("Given, mg"))}</div>`;
  const lot = lots?.find((one) => one.id === form.lot);
  return html`<div class="mg3">${input("drawn", t("Drawn, mg"))}<span aria-hidden="true">=</span>${input("dose", t("Given, mg"))}<span aria-hidden="true">+</span>
      <div class="f"><span class="label">${t("Wasted, mg")}</span><output class="mgs">${sums.waste === null || sums.waste < 0 ? "–" : shown(sums.waste)}</output></div></div>
    ${lot && sums.drawn !== null && html`<p class="note"><${Icon} name="ok" />${t("After it the lot should hold {mg} mg.", { mg: shown(Math.max(0, parse(lot.balance_mg) - sums.drawn)) })}</p>`}`;
}

/** Now, or some minutes ago. */
function When({ form, change, zone }) {
  const at = useNow(5000) - form.back * MINUTE;
  return html`<div class="f"><span class="label" id="when">${t("Given at")}</span>
    <div class="row wrap" role="group" aria-labelledby="when">
      <b class="grow" aria-live="polite">${clock(at, zone)}</b>
      <button type="button" class="b s" onClick=${() => change({ back: form.back + 1 })}>−1 min</button>
      <button type="button" class="b s" onClick=${() => change({ back: form.back + 5 })}>−5 min</button>
      <button type="button" class="b s" onClick=${() => change({ back: 0 })}>${t("Now")}</button>
    </div></div>`;
}
