// A draw of which nobody has said yet what was given and what was left: the rest is wasted, before a second person.
import { get } from "../core/api.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { parse, shown, wire } from "../core/milligrams.js";
import { words } from "../core/problem.js";
import { clock } from "../core/time.js";
import { signed, Witness } from "../signin/witness.js";
import { Field, Refusal, When, momentOf, readable, useWrite } from "./form.js";
import { number } from "./words.js";

function useDose(entry) {
  const [state, set] = useState({ dose: null, session: null, problem: null });
  useEffect(() => {
    const asked = [get(`sessions/${entry.session}/administrations/${entry.administration}/`), get(`sessions/${entry.session}/`)];
    Promise.all(asked).then(([dose, session]) => set({ dose, session, problem: null }), (problem) => set({ dose: null, session: null, problem }));
  }, [entry.id]);
  return state;
}

/** {given, wasted} in thousandths; null where nothing readable stands. */
function sumsOf(form, drawn) {
  const given = form.given.trim() ? parse(form.given) : null;
  return { given, wasted: given === null ? null : drawn - given };
}

function stopOf(form, sums) {
  if (sums.given === null) return t("Say how many mg were given.");
  if (sums.wasted < 0) return t("More was given than was drawn.");
  if (!readable(form.ended)) return t("Hours and minutes, as 14:30.");
  return sums.wasted > 0 && !form.witness ? t("Choose who saw the waste.") : "";
}

/** @param {{entry: object, data: any, place: object, zone: string, keeps: boolean, choose: Function, again: () => Promise}} props */
export function Draw({ entry, data, place, zone, keeps, choose, again }) {
  const { dose, session, problem } = useDose(entry);
  const [form, set] = useState({ given: "", ended: "", witness: "" });
  const write = useWrite(form, async () => {
    await again();
    choose({ lot: entry.lot });
  });
  const secret = useRef(null);
  const change = (values) => (set({ ...form, ...values }), write.clear());
  const sums = sumsOf(form, parse(entry.amount_mg));
  const stops = stopOf(form, sums);
  const save = (event) => {
    event.preventDefault();
    if (stops || !dose) return;
    const witness = sums.wasted > 0 ? { witness: signed(form.witness, secret.current.value) } : {};
    const ended = (at) => (form.ended ? momentOf(form.ended, zone) : new Date(at).toISOString());
    const body = (at) => ({ ended_at: ended(at), given_mg: wire(sums.given), wasted_mg: wire(sums.wasted), ...witness });
    write.send(`sessions/${entry.session}/administrations/${dose.id}/finish/`, body).finally(() => secret.current && (secret.current.value = ""));
  };
  return html`<form class="pane touch" onSubmit=${save}>
    <div class="body">
      <h2>${t("{mg} mg drawn, not settled", { mg: number(entry.amount_mg) })}</h2>
      ${problem && html`<p class="note high" role="alert">${words(problem)}</p>`}
      <${Facts} entry=${entry} dose=${dose} session=${session} data=${data} zone=${zone} />
      ${keeps && html`<div class="mg3b">
          <div class="f"><span class="label">${t("Drawn")}</span><output class="mgs">${number(entry.amount_mg)}</output></div><span aria-hidden="true">=</span>
          <${Field} id="given" class="mgs" label=${t("Given, mg")} inputmode="decimal" value=${form.given} wrong=${write.errors.given_mg} set=${(given) => change({ given })} /><span aria-hidden="true">+</span>
          <div class="f"><span class="label">${t("Wasted, mg")}</span><output class="mgs">${sums.wasted === null || sums.wasted < 0 ? "–" : shown(sums.wasted)}</output></div>
        </div>
        <${When} id="ended" label=${t("When it was over")} zone=${zone} value=${form.ended} wrong=${write.errors.ended_at} set=${(ended) => change({ ended })} />
        ${sums.wasted > 0 && html`<h3>${t("The second person")}</h3><p class="small quiet">${t("They saw the rest destroyed, and sign here with their own password. It cannot be you.")}</p>
          <div class="two"><${Witness} place=${place} chosen=${form.witness} onChoose=${(witness) => change({ witness })} field=${secret} wrong=${write.errors.witness ?? write.errors["witness/password"]} /></div>`}`}
      <${Refusal} write=${write} />
    </div>
    ${keeps
      ? html`<footer><span class="small quiet" id="stops">${stops}</span><button class="b go big" aria-disabled=${stops ? "true" : undefined} aria-describedby="stops">${write.busy ? t("Saving…") : t("Settle the draw")}</button></footer>`
      : html`<footer><span class="small quiet"><${Icon} name="info" /> ${t("A nurse practitioner or prescriber settles it.")}</span></footer>`}
  </form>`;
}

function Facts({ entry, dose, session, data, zone }) {
  const lot = data.lots.find((one) => one.id === entry.lot);
  return html`<dl class="dl wide">
    <dt>${t("From")}</dt><dd>${lot.drug}, ${t("lot {number}", { number: lot.lot_number })}</dd>
    <dt>${t("Drawn by")}</dt><dd>${data.names.get(entry.created_by) ?? ""}, ${clock(entry.occurred_at ?? entry.created_at, zone)}</dd>
    ${session && html`<dt>${t("For whom")}</dt><dd>${session.client_name}, ${session.client_mrn} <a href=${`/bedside/sessions/${session.id}`}>${t("to the bedside")}</a></dd>`}
    ${dose?.voided && html`<dt>${t("Dose")}</dt><dd>${t("voided: what was drawn is answered for all the same")}</dd>`}
  </dl>`;
}
