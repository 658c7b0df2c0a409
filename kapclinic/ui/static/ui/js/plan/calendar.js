// The course as a calendar: a row a week, sessions on their days, under them the window of each integration.
import { Icon, html } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { addDays, clock, dayShort } from "../core/time.js";
import { firstNames } from "../desk/words.js";
import { openingOf } from "../desk/layout.js";
import { rowName, stateName } from "./words.js";

const MARKS = { preparation: "pen", integration: "leaf", medical: "heart", maintenance: "vial" };
const DRAGGED = "text/x-kap-row"; // a key of a row: no name of anybody

/** @param {{weeks: object[], today: string, place: object, zone: string, names: object, chosen: string | null, onChoose: (item: object) => void, onDrop: (key: string, day: string) => void}} props */
export function Calendar({ weeks, today, place, zone, names, chosen, onChoose, onDrop }) {
  const monday = weeks.find((week) => week.days)?.monday ?? today;
  return html`<div class="weeks" role="table" style=${{ "--weeks": weeks.length }} aria-label=${t("The course by weeks")}>
    <div class="dh7 tiny" role="row">${Array.from({ length: 7 }, (_, i) => html`<span role="columnheader" key=${i}>${dayShort(addDays(monday, i)).split(" ")[0]}</span>`)}</div>
    ${weeks.map((week) =>
      week.skipped
        ? html`<div class="skip" role="row" key=${week.monday}><span role="cell" class="faint small">${many(week.skipped, "{n} week without a session", "{n} weeks without a session")}</span></div>`
        : html`<div class="wk" role="row" key=${week.monday}>
            ${week.days.map((one) => html`<${Day} key=${one.day} one=${one} first=${one.day === week.monday} today=${today} place=${place} zone=${zone} names=${names} chosen=${chosen} onChoose=${onChoose} onDrop=${onDrop} />`)}
            ${week.ribs.map((rib) => html`<i key=${rib.key} aria-hidden="true" class=${rib.moved ? "rib new" : "rib"} style=${{ "--a": rib.a, "--b": rib.b, "--lane": rib.lane }}></i>`)}
          </div>`,
    )}
  </div>`;
}

function Day({ one, first, today, place, zone, names, chosen, onChoose, onDrop }) {
  const closed = (place.closed_dates ?? []).includes(one.day);
  const shut = closed || !openingOf(place, one.day);
  const words = dayShort(one.day).split(" "); // "Thu 3 Dec", "jue 3 de dic"
  const [weekday, number, month] = [words[0], words[1], words.at(-1)];
  const dropped = (event) => {
    event.preventDefault();
    const key = event.dataTransfer.getData(DRAGGED);
    if (key) onDrop(key, one.day);
  };
  const kind = `${one.day === today ? " today" : ""}${closed ? " shut" : shut ? " sun" : ""}`;
  return html`<div class=${`day${kind}`} role="cell" onDragOver=${(event) => event.preventDefault()} onDrop=${dropped}>
    <span class="dn"><span class="wd">${weekday} </span>${number}${first || number === "1" || one.day === today ? html` ${month}` : html`<span class="wd"> ${month}</span>`}</span>
    ${closed && html`<span class="faint tiny">${t("Closed")}</span>`}
    ${one.items.map((item) => html`<${Card} key=${item.key} item=${item} zone=${zone} names=${names} current=${item.key === chosen} onChoose=${onChoose} />`)}
  </div>`;
}

function Card({ item, zone, names, current, onChoose }) {
  const inner = html`${item.kind === "dosing" ? html`<b aria-hidden="true">${item.number}</b>` : html`<${Icon} name=${MARKS[item.kind]} />`}
    <span class="at">${clock(item.starts_at, zone)}<span class="vh"> ${rowName(item)}, ${item.state === "old" ? t("where it was") : stateName(item)}</span></span>
    ${item.modality === "video" && html`<${Icon} name="video" />`}
    <small class="row"><span class="cut grow">${under(item, names)}</span>${item.status && html`<${Icon} name="ok" />`}</small>`;
  if (item.state === "old") return html`<span class=${`p old k-${item.kind}`}>${inner}</span>`;
  const loud = item.taken ? " taken" : item.effects?.some((one) => one.severity === "breaks") ? " breaks" : "";
  const drag = (event) => event.dataTransfer.setData(DRAGGED, item.key);
  return html`<button type="button" id=${`row-${item.key}`} class=${`p k-${item.kind} ${item.state}${loud}`} aria-current=${current ? "true" : undefined} draggable=${item.state !== "past"} onDragStart=${drag} onClick=${() => onChoose(item)}>
    ${inner}
    ${loud && html`<span class="loud"><${Icon} name="stop" />${item.taken ? t("taken meanwhile") : t("breaks")}</span>`}
  </button>`;
}

function under(item, names) {
  if (item.kind === "dosing") return names.rooms.get(item.room)?.name ?? t("Video");
  return firstNames(item, names.staff);
}

export function Legend() {
  return html`<p class="leg tiny faint" aria-hidden="true">
    <span><i class="rib"></i> ${t("integration window")}</span>
    <span class="row"><i class="p k-dosing old"></i> ${t("where it was")}</span>
    <span><${Icon} name="pen" /> ${t("preparation")}</span><span><${Icon} name="leaf" /> ${t("integration")}</span><span><${Icon} name="video" /> ${t("by video")}</span><span><${Icon} name="ok" /> ${t("booked")}</span>
  </p>`;
}
