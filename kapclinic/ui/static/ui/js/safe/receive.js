// A lot that came: what the invoice says, and what is put into the safe.
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { parse, shown, wire } from "../core/milligrams.js";
import { Field, Refusal, useWrite } from "./form.js";

const FIRST = { drug: "ketamine", form: "vial", strength: "", lot_number: "", expires_on: "", count: "", each: "", ndc: "", supplier: "", supplier_address: "", supplier_dea_number: "", invoice: "" };
const NEEDED = ["drug", "form", "lot_number", "expires_on", "count", "each", "supplier", "invoice"];

/** Thousandths of a mg in all containers together, or null. */
function whole({ count, each }) {
  const one = parse(each);
  return /^\s*\d{1,4}\s*$/.test(count) && one ? Number(count) * one : null;
}

function bodyOf(form, place) {
  const given = Object.fromEntries(["ndc", "supplier_address", "supplier_dea_number"].filter((name) => form[name].trim()).map((name) => [name, form[name].trim()]));
  return {
    location: place.id,
    drug: form.drug.trim(),
    form: form.form.trim(),
    ...(form.strength.trim() ? { concentration_mg_per_ml: wire(parse(form.strength)) } : {}),
    lot_number: form.lot_number.trim(),
    expires_on: form.expires_on,
    quantity_mg: wire(whole(form)),
    container_mg: wire(parse(form.each)),
    supplier: form.supplier.trim(),
    invoice: form.invoice.trim(),
    ...given,
  };
}

function stopOf(form) {
  if (NEEDED.some((name) => !form[name].trim())) return t("Drug, form, lot, expiry, how many, mg in each, supplier and invoice are needed.");
  if (!whole(form)) return t("How many and mg in each are numbers above 0.");
  if (form.strength.trim() && !parse(form.strength)) return t("The strength is a number, or empty.");
  return "";
}

/** @param {{place: object, choose: (view: object) => void, again: () => Promise}} props */
export function Receive({ place, choose, again }) {
  const [form, set] = useState(FIRST);
  const write = useWrite(form, async (lot) => {
    await again();
    choose(lot ? { lot: lot.id } : { view: "register" });
  });
  const field = (name, label, more) => html`<${Field} id=${name} label=${label} value=${form[name]} wrong=${write.errors[more?.as ?? name]} set=${(text) => (set({ ...form, [name]: text }), write.clear())} ...${more} />`;
  const stops = stopOf(form);
  const save = (event) => {
    event.preventDefault();
    if (!stops) write.send("drug-lots/", bodyOf(form, place));
  };
  const sum = whole(form);
  return html`<form class="pane touch" onSubmit=${save}>
    <div class="body">
      <h2>${t("Receive a lot")}</h2>
      <h3>${t("What came")}</h3>
      <div class="three">${field("drug", t("Drug"), { list: "drugs" })}${field("form", t("Dosage form"), { list: "forms" })}${field("strength", t("Strength, mg/mL"), { as: "concentration_mg_per_ml", inputmode: "decimal", hint: t("empty for what is no liquid") })}
        ${field("lot_number", t("Lot number"))}${field("expires_on", t("Expires on"), { type: "date" })}${field("ndc", t("NDC"), { hint: t("may be left empty") })}</div>
      <div class="three">${field("count", t("How many containers"), { inputmode: "numeric" })}${field("each", t("mg in each"), { as: "container_mg", inputmode: "decimal" })}
        <div class="f"><span class="label">${t("Altogether")}</span><output class="mgs">${sum ? `${shown(sum)} mg` : "–"}</output>${write.errors.quantity_mg && html`<span class="err" role="alert">${write.errors.quantity_mg}</span>`}</div></div>
      <h3>${t("From whom")}</h3>
      <div class="two">${field("supplier", t("Supplier"))}${field("invoice", t("Invoice number"))}${field("supplier_address", t("Address of the supplier"), { hint: t("may be left empty") })}${field("supplier_dea_number", t("DEA number of the supplier"), { hint: t("may be left empty") })}</div>
      <datalist id="drugs"><option value="ketamine"></option><option value="esketamine"></option></datalist>
      <datalist id="forms"><option value="vial"></option><option value="lozenge"></option><option value="nasal spray"></option><option value="tablet"></option></datalist>
      <${Refusal} write=${write} />
    </div>
    <footer>
      <span class="small quiet" id="stops">${stops || t("It is counted into the books as {mg} mg.", { mg: shown(sum) })}</span>
      <button class="b go big" aria-disabled=${stops ? "true" : undefined} aria-describedby="stops">${write.busy ? t("Saving…") : t("Put it into the books")}</button>
    </footer>
  </form>`;
}
