// When a location is open: the hours of a week, and the days on which it is closed.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { dayLong, dayIn, now } from "../core/time.js";
import { Form } from "./form.js";
import { sentHours, Week, weekLabels } from "./week.js";
import { fieldName } from "./words.js";

/** @param {{row: any, onDone: (answer: any) => void, onClose: () => void}} props */
export function OpenForm({ row, onDone, onClose }) {
  const [rows, set] = useState(row.opening_hours);
  const [closed, close] = useState(row.closed_dates);
  const [day, choose] = useState("");
  const today = dayIn(now(), row.time_zone);
  const add = () => {
    if (!day || closed.includes(day)) return;
    close([...closed, day].sort());
    choose("");
  };
  const labels = { ...weekLabels(rows, "opening_hours"), closed_dates: fieldName("closed_dates") };
  return html`<${Form} title=${t("When {name} is open", { name: row.name })} verb=${t("Save the hours")} path=${`locations/${row.id}/`} method="PATCH" row=${row} labels=${labels} zone=${row.time_zone}
    bodyOf=${() => ({ opening_hours: sentHours(rows), closed_dates: closed })} onDone=${onDone} onClose=${onClose} wide>
    ${(wrong) => html`<${Week} rows=${rows} set=${set} name="opening_hours" wrong=${wrong} />
      <h3>${fieldName("closed_dates")}</h3>
      <ul class="lines">${closed.filter((one) => one >= today).map((one) => html`<li key=${one}><span class="grow">${dayLong(one)} ${one.slice(0, 4)}</span><button type="button" class="b s" onClick=${() => close(closed.filter((other) => other !== one))}>${t("Open after all")}<span class="vh"> ${dayLong(one)}</span></button></li>`)}</ul>
      <div class="row wrap"><div class="f"><label for="closing">${t("Closed on")}</label><input id="closing" type="date" min=${today} value=${day} onInput=${(event) => choose(event.target.value)} /></div>
        <button type="button" class="b s end" aria-disabled=${day ? undefined : "true"} onClick=${add}><${Icon} name="plus" />${t("Add the day")}</button></div>`}
  <//>`;
}
