// A new location, or what an old one is: name, zone, address, and the numbers that stand on its bills.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Field } from "../desk/parts/fields.js";
import { Form, text } from "./form.js";
import { fieldName } from "./words.js";

const PLAIN = ["name", "time_zone", "phone", "legal_name", "ein", "organization_npi", "pos_code", "dea_number", "video_url"];
const LINES = ["line1", "line2", "city", "state", "postal_code"];

const LABELS = () => ({
  ...Object.fromEntries(PLAIN.map((name) => [name, fieldName(name)])),
  "address/line1": t("Street and number"),
  "address/line2": t("Second line"),
  "address/city": t("City"),
  "address/state": t("State, two letters"),
  "address/postal_code": t("ZIP code"),
});

/** @param {{row: any, onDone: (row: any) => void, onClose: () => void}} props `row` is null for a new location */
export function PlaceForm({ row, onDone, onClose }) {
  const labels = LABELS();
  const bodyOf = (form) => {
    const plain = Object.fromEntries(PLAIN.map((name) => [name, text(form, name)]));
    const address = Object.fromEntries(LINES.map((name) => [name, text(form, `address/${name}`)]));
    return { ...plain, address: { ...address, state: address.state.toUpperCase() }, ...(row ? {} : { opening_hours: [] }) };
  };
  const how = row ? { path: `locations/${row.id}/`, method: "PATCH", row } : { path: "locations/" };
  const was = row ?? { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone, pos_code: "11", address: {} };
  return html`<${Form} title=${row ? t("Change {name}", { name: row.name }) : t("New location")} verb=${row ? t("Save it") : t("Add the location")} labels=${labels} bodyOf=${bodyOf} zone=${row?.time_zone} onDone=${onDone} onClose=${onClose} wide ...${how}>
    ${(wrong) => {
      const field = (name, more) => html`<${Field} name=${name} label=${labels[name]} wrong=${wrong} defaultValue=${was[name] ?? ""} ...${more} />`;
      const line = (name, more) => field(`address/${name}`, { defaultValue: was.address[name] ?? "", ...more });
      return html`<div class="two">
          ${field("name", { autofocus: true, maxlength: 120 })}${field("phone", { type: "tel", maxlength: 30 })}
          ${line("line1", { maxlength: 120 })}${line("line2", { maxlength: 120 })}${line("city", { maxlength: 80 })}${line("state", { maxlength: 2 })}${line("postal_code", { maxlength: 10, inputmode: "numeric" })}
          ${field("time_zone", { list: "zones", hint: t("All times of this location are by its clock") })}
        </div>
        <datalist id="zones">${Intl.supportedValuesOf("timeZone").map((zone) => html`<option key=${zone} value=${zone}></option>`)}</datalist>
        <h3>${t("On bills and registers")}</h3>
        <div class="two">
          ${field("legal_name", { maxlength: 160 })}${field("ein", { inputmode: "numeric", maxlength: 9, hint: t("Nine digits") })}
          ${field("organization_npi", { inputmode: "numeric", maxlength: 10, hint: t("Ten digits") })}${field("pos_code", { inputmode: "numeric", maxlength: 2, hint: t("11 is an office, 22 a hospital's outpatients") })}
          ${field("dea_number", { maxlength: 9, hint: t("Two letters and seven digits") })}${field("video_url", { type: "url", maxlength: 300, hint: t("https:// …, where {session} stands for the session's number") })}
        </div>`;
    }}
  <//>`;
}
