// When a client can come: days of the week and hours of the day.
import { html } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { weekdays } from "../words.js";
import { Field } from "./fields.js";

export function Days({ label }) {
  return html`<fieldset class="f"><legend class="label">${label}</legend>
    <div class="row wrap">${weekdays().map((name, day) => html`<label class="opt" key=${day}><input type="checkbox" name="day" value=${day} />${name}</label>`)}</div></fieldset>`;
}

export function Hours({ wrong }) {
  return html`<div class="two">
      <${Field} name="earliest" label=${t("Begins at the earliest")} type="time" />
      <${Field} name="latest" label=${t("Begins at the latest")} type="time" />
    </div>
    ${wrong.preferred_hours && html`<p class="note high" role="alert">${wrong.preferred_hours}</p>`}`;
}

/** `preferred_days` and `preferred_hours` of a form with these fields. */
export function wishesOf(form) {
  const [from, to] = [form.get("earliest"), form.get("latest")];
  return {
    preferred_days: form.getAll("day").map(Number),
    preferred_hours: from || to ? { from: from || "00:00", to: to || "23:59" } : null,
  };
}
