// When somebody works, week by week.
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Form } from "./form.js";
import { sentHours, Week, weekLabels } from "./week.js";

/** @param {{row: any, hours: any[], tag: string, places: any[], zone: string, onDone: (answer: any) => void, onClose: () => void}} props */
export function HoursForm({ row, hours, tag, places, zone, onDone, onClose }) {
  const [rows, set] = useState(hours);
  const theirs = places.filter((place) => row.locations.includes(place.id) || hours.some((one) => one.location === place.id));
  return html`<${Form} title=${t("Working hours of {name}", { name: row.name })} verb=${t("Save the hours")} path=${`staff/${row.id}/working-hours/`} method="PUT" tag=${tag} labels=${weekLabels(rows, "hours")}
    bodyOf=${() => ({ hours: sentHours(rows) })} zone=${zone} onDone=${onDone} onClose=${onClose} wide>
    ${(wrong) => html`<p class="small quiet">${t("By the clock of the location. Nobody is booked outside of these hours, nor while the location is closed.")}</p>
      <${Week} rows=${rows} set=${set} name="hours" wrong=${wrong} places=${theirs} />`}
  <//>`;
}
