// The course as a list: on the screen, and on the client's paper.
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, day, dayIn, date } from "../core/time.js";
import { firstNames } from "../desk/words.js";
import { rowName, stateName } from "./words.js";

export function List({ items, zone, names, chosen, onChoose }) {
  return html`<table class="list">
    <thead><tr><th scope="col">${t("Date")}</th><th scope="col">${t("Time")}</th><th scope="col">${t("Session")}</th><th scope="col">${t("Where")}</th><th scope="col">${t("With whom")}</th><th scope="col">${t("Status")}</th></tr></thead>
    <tbody>
      ${items.map((item) => html`<tr key=${item.key} aria-selected=${onChoose ? item.key === chosen : undefined}>
        <td class="nowrap">${day(item.starts_at, zone)}</td>
        <td class="nowrap">${clock(item.starts_at, zone)}–${clock(item.ends_at, zone)}</td>
        <td>${onChoose ? html`<button type="button" id=${`row-${item.key}`} class="b bare s" onClick=${() => onChoose(item)}><i class=${`kdot k-${item.kind}`}></i>${rowName(item)}</button>` : rowName(item)}</td>
        <td>${names.rooms.get(item.room)?.name ?? t("Video")}</td>
        <td>${onChoose ? firstNames(item, names.staff) : whole(item, names)}</td>
        <td>${item.taken ? html`<span class="chip high-soft">${t("taken meanwhile")}</span>` : onChoose ? stateName(item) : paperState(item)}</td>
      </tr>`)}
    </tbody>
  </table>`;
}

/** A slot that is held is kept for the client. */
function paperState(item) {
  return item.status === "held" ? t("Kept for you after the dose") : stateName(item);
}

function whole(item, names) {
  return item.staff.map((one) => names.staff.get(one.user)?.name).filter(Boolean).join(", ");
}

/** What the client takes home: no chrome, always light. Only on paper. */
export function Paper({ items, course, place, names, at }) {
  const zone = place.time_zone;
  const open = items.filter((item) => item.state !== "old" && item.state !== "past");
  const loose = open.some((item) => !item.status);
  return html`<section class="paper">
    <h1>${t("Your sessions")}</h1>
    <p><b>${course.banner.name}</b> · ${course.banner.mrn}</p>
    <p>${place.name} · ${place.phone}</p>
    <${List} items=${open} zone=${zone} names=${names} />
    <p>${t("All times are those of {city}. Printed {date}.", { city: zone.split("/").at(-1).replaceAll("_", " "), date: date(dayIn(at, zone)) })}</p>
    ${loose && html`<p><b>${t("What is proposed is not booked yet.")}</b></p>`}
  </section>`;
}
