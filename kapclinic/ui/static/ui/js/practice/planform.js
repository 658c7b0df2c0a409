// What the clients of a location are reminded of, when, and by which ways.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Field } from "../desk/parts/fields.js";
import { Form, text, Tick, Ticks, wrong as refused } from "./form.js";

const LABELS = () => ({ hours_before: t("Hours before a session"), channels: t("By which ways"), quiet_from: t("Nothing is sent from"), quiet_to: t("Sent again from"), sender_name: t("Who it is from"), emergency_phone: t("Phone in an emergency"), emergency_text: t("What to do in an emergency") });

/** @param {{row: any, place: any, onDone: (answer: any) => void, onClose: () => void}} props */
export function PlanForm({ row, place, onDone, onClose }) {
  const labels = LABELS();
  const hoursOf = (form) => {
    const parts = text(form, "hours_before").split(/[\s,;]+/).filter(Boolean);
    if (parts.some((part) => !/^\d{1,3}$/.test(part))) throw refused("hours_before", t("Type whole hours, such as 48, 24."));
    return parts.map(Number);
  };
  const bodyOf = (form) => ({
    hours_before: hoursOf(form),
    on_booking: form.has("on_booking"),
    channels: form.getAll("channels"),
    quiet_from: text(form, "quiet_from"),
    quiet_to: text(form, "quiet_to"),
    sender_name: text(form, "sender_name"),
    emergency_phone: text(form, "emergency_phone"),
    emergency_text: text(form, "emergency_text"),
  });
  return html`<${Form} title=${t("Reminders of {name}", { name: place.name })} verb=${t("Save the reminders")} path=${`reminder-plans/${place.id}/`} method="PATCH" row=${row} labels=${labels} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose} wide>
    ${(wrong) => {
      const field = (name, more) => html`<${Field} name=${name} label=${labels[name]} wrong=${wrong} defaultValue=${row[name]} ...${more} />`;
      return html`<${Ticks} name="channels" label=${labels.channels} options=${[["email", t("E-mail")], ["sms", t("SMS")]]} chosen=${row.channels} wrong=${wrong} hint=${t("A client gets only what they agreed to. None ticked: nobody is reminded")} />
        <div class="two">
          ${field("hours_before", { defaultValue: row.hours_before.join(", "), hint: t("Six at most, such as 48, 24, 3"), autofocus: true })}<${Tick} name="on_booking" label=${t("Confirm each booking at once")} on=${row.on_booking} />
          ${field("quiet_from", { type: "time" })}${field("quiet_to", { type: "time" })}
          ${field("sender_name", { maxlength: 60, hint: t("A name that tells no diagnosis. Empty: the location's") })}${field("emergency_phone", { maxlength: 60 })}
        </div>
        ${field("emergency_text", { maxlength: 200 })}`;
    }}
  <//>`;
}
