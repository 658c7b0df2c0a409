// The hours of a week, day by day: more than one span a day, and of a person at more than one location.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { weekdays } from "../desk/words.js";

const WORKDAYS = [1, 2, 3, 4];

/** As the API takes them: the midnight that ends a day is 24:00, which no field for a time can show. */
export function sentHours(rows) {
  return rows.map((row) => ({ ...row, to: row.to === "00:00" ? "24:00" : row.to }));
}

/**
 * @param {{rows: any[], set: (rows: any[]) => void, name: string, wrong: Record<string, string>, places?: any[]}} props
 *   `name` is the field of the body; `places` are those that a row chooses from, if it chooses
 */
export function Week({ rows, set, name, wrong, places }) {
  const names = weekdays();
  const change = (index, more) => set(rows.map((row, at) => (at === index ? { ...row, ...more } : row)));
  const add = (weekday) => {
    const before = rows.findLast((row) => row.weekday === weekday);
    const place = places ? { location: before?.location ?? places[0].id } : {};
    const span = before ? { from: before.to === "24:00" ? "" : before.to, to: "" } : { from: "08:00", to: "17:00" };
    set([...rows, { ...place, weekday, ...span }]);
  };
  const copy = () => {
    const monday = rows.filter((row) => row.weekday === 0);
    set([...rows.filter((row) => !WORKDAYS.includes(row.weekday)), ...WORKDAYS.flatMap((weekday) => monday.map((row) => ({ ...row, weekday })))]);
  };
  return html`<div class="wks">
    ${names.map((day, weekday) => html`<fieldset class="wkd" key=${weekday}><legend>${day}</legend>
      <div class="stack">
        ${rows.map((row, index) => row.weekday === weekday && html`<${Span} key=${index} row=${row} index=${index} day=${day} name=${name} wrong=${wrong} places=${places} change=${(more) => change(index, more)} drop=${() => set(rows.filter((_, at) => at !== index))} />`)}
        ${!rows.some((row) => row.weekday === weekday) && html`<span class="quiet small wkn">${t("no hours")}</span>`}
      </div>
      <button type="button" class="b s" onClick=${() => add(weekday)}><${Icon} name="plus" />${t("Hours")}<span class="vh"> ${day}</span></button>
    </fieldset>`)}
    ${rows.some((row) => row.weekday === 0) && html`<div><button type="button" class="b s" onClick=${copy}>${t("Tuesday to Friday as Monday")}</button></div>`}
    <p class="small quiet">${t("Until 00:00 is until the end of the day.")}</p>
  </div>`;
}

function Span({ row, index, day, name, wrong, places, change, drop }) {
  const faults = ["from", "to", "weekday", "location"].map((part) => wrong[`${name}/${index}/${part}`] ?? wrong[`${index}/${part}`]).filter(Boolean);
  const id = (part) => `f-${name}-${index}-${part}`;
  const time = (part, label) => html`<input type="time" id=${id(part)} required aria-label=${label} aria-invalid=${faults.length ? "true" : undefined} value=${row[part] === "24:00" ? "00:00" : row[part]} onInput=${(event) => change({ [part]: event.target.value })} />`;
  return html`<div class=${faults.length ? "f bad" : "f"}>
    <div class="wkr">
      ${places?.length > 1 && html`<select aria-label=${t("{day}: where", { day })} value=${row.location} onChange=${(event) => change({ location: event.target.value })}>${places.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}</select>`}
      ${time("from", t("{day}, from", { day }))}<span aria-hidden="true">–</span>${time("to", t("{day}, until", { day }))}
      <button type="button" class="b s bare" onClick=${drop}><${Icon} name="x" /><span class="vh">${t("Take these hours of {day} away", { day })}</span></button>
    </div>
    ${faults.map((fault) => html`<span class="err" key=${fault}><${Icon} name="stop" />${fault}</span>`)}
  </div>`;
}

/** Pointer -> what is called so, for the summary of faults. */
export function weekLabels(rows, name) {
  const days = weekdays();
  return Object.fromEntries(rows.flatMap((row, index) => [
    [`${name}/${index}/from`, t("{day}, from", { day: days[row.weekday] })],
    [`${name}/${index}/to`, t("{day}, until", { day: days[row.weekday] })],
  ]));
}
