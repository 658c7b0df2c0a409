// A new room, or what an old one serves.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Field } from "../desk/parts/fields.js";
import { kindName } from "../desk/words.js";
import { Form, text, Ticks, wholeIn } from "./form.js";
import { fieldName } from "./words.js";

const KINDS = ["preparation", "dosing", "integration", "medical", "maintenance"];

/** @param {{row: any, places: any[], names: Map<string, string>, zone?: string, onDone: (row: any) => void, onClose: () => void}} props `row` is null for a new room */
export function RoomForm({ row, places, names, zone, onDone, onClose }) {
  const labels = { location: fieldName("location"), name: fieldName("name"), kinds: fieldName("kinds"), turnover_min: fieldName("turnover_min") };
  const bodyOf = (form) => ({ location: text(form, "location"), name: text(form, "name"), kinds: form.getAll("kinds"), turnover_min: wholeIn(form, "turnover_min") });
  const how = row ? { path: `rooms/${row.id}/`, method: "PATCH", row } : { path: "rooms/" };
  const was = row ?? { name: "", kinds: [], turnover_min: 15, location: places[0]?.id };
  return html`<${Form} title=${row ? t("Change {name}", { name: row.name }) : t("New room")} verb=${row ? t("Save it") : t("Add the room")} labels=${labels} bodyOf=${bodyOf} names=${names} zone=${zone} onDone=${onDone} onClose=${onClose} ...${how}>
    ${(wrong) => html`<${Field} name="name" label=${labels.name} wrong=${wrong} defaultValue=${was.name} maxlength="80" autofocus />
      <${Field} name="location" label=${labels.location} wrong=${wrong} defaultValue=${was.location} options=${places.map((place) => [place.id, place.name])} />
      <${Ticks} name="kinds" label=${labels.kinds} options=${KINDS.map((kind) => [kind, kindName(kind)])} chosen=${was.kinds} wrong=${wrong} />
      <${Field} name="turnover_min" label=${labels.turnover_min} wrong=${wrong} defaultValue=${was.turnover_min} inputmode="numeric" maxlength="3" hint=${t("To clean and air it: nobody is booked there then")} />`}
  <//>`;
}
