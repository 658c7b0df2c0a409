// The form of a new client, and what is sent of it.
import { html } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { Field } from "../parts/fields.js";

const SEXES = () => [["", t("Choose")], ["F", t("Female")], ["M", t("Male")], ["X", t("X")], ["U", t("Not known")]];
const WAYS = () => [["email", t("E-mails")], ["sms", t("SMS")], ["phone", t("Calls")]];

/** The API's name of each field -> what it is called here. */
export const LABELS = () => ({
  legal_first_name: t("First name, as on the ID"),
  legal_last_name: t("Last name, as on the ID"),
  chosen_name: t("Called"),
  pronouns: t("Pronouns"),
  date_of_birth: t("Date of birth"),
  administrative_sex: t("Sex, as on the ID"),
  phone: t("Phone"),
  email: t("E-mail"),
  "address/line1": t("Street and number"),
  "address/city": t("City"),
  "address/state": t("State, two letters"),
  "address/postal_code": t("ZIP code"),
  "emergency_contact/name": t("In an emergency: name"),
  "emergency_contact/phone": t("In an emergency: phone"),
  locations: t("Clinic"),
});

export function Form({ values, wrong, here }) {
  const labels = LABELS();
  const field = (name, more) => html`<${Field} key=${name} name=${name} label=${labels[name]} wrong=${wrong} defaultValue=${values[name] ?? ""} ...${more} />`;
  return html`<div class="two">
      ${field("legal_first_name", { required: true, autofocus: true })}${field("legal_last_name", { required: true })}
      ${field("chosen_name", { hint: t("If not the first name") })}${field("pronouns", {})}
      ${field("date_of_birth", { type: "date", required: true })}
      <${Field} name="administrative_sex" label=${labels.administrative_sex} wrong=${wrong} options=${SEXES()} required defaultValue=${values.administrative_sex ?? ""} />
      ${field("phone", { type: "tel", required: true })}${field("email", { type: "email" })}
    </div>
    <div class="two">
      ${field("address/line1", { required: true })}${field("address/city", { required: true })}
      ${field("address/state", { required: true, maxLength: 2, defaultValue: values["address/state"] ?? here.address?.state ?? "" })}${field("address/postal_code", { required: true, inputmode: "numeric" })}
      ${field("emergency_contact/name", {})}${field("emergency_contact/phone", { type: "tel" })}
    </div>
    <fieldset class="f"><legend class="label">${t("The client agrees to")}</legend>
      <div class="row wrap">${WAYS().map(([name, label]) => html`<label class="opt" key=${name}><input type="checkbox" name=${`by_${name}`} defaultChecked=${values[`by_${name}`] === "on"} />${label}</label>`)}</div>
    </fieldset>`;
}

/** The body of `POST clients/`. */
export function bodyOf(given, here) {
  const said = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value).trim()]));
  const plain = ["legal_first_name", "legal_last_name", "chosen_name", "pronouns", "date_of_birth", "administrative_sex", "phone", "email"];
  const under = (group, names) => Object.fromEntries(names.map((name) => [name, said[`${group}/${name}`]]));
  const address = under("address", ["line1", "city", "state", "postal_code"]);
  const contact = under("emergency_contact", ["name", "phone"]);
  return {
    ...Object.fromEntries(plain.map((name) => [name, said[name]])),
    address: { ...address, state: address.state.toUpperCase() },
    ...(contact.name || contact.phone ? { emergency_contact: contact } : {}),
    communication_consent: Object.fromEntries(["email", "sms", "phone"].map((way) => [way, said[`by_${way}`] === "on"])),
    locations: [here.id],
  };
}
