// Calling for help: it comes with the page, because nobody waits for it.
import { Dialog } from "../core/dialog.js";
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { isHome, placeWords } from "./known.js";

/** "1 Example Street, Denver, CO 80202" of an address in parts. */
function postal({ line1, line2, city, state, postal_code: code }) {
  return [line1, line2, city, [state, code].filter(Boolean).join(" ")].filter(Boolean).join(", ");
}

/**
 * Whom to call, and where the help has to come to. A client at home is helped by the number of their own place: the
 * general one, dialled here, sends the ambulance of the clinic's town.
 */
export function Help({ session, place, onClose }) {
  const away = isHome(session);
  const home = away ? session.client_location : null;
  const number = away ? home?.ems_phone : "911";
  const adult = away ? session.escort : null;
  return html`<${Dialog} title=${t("Call for help")} onClose=${onClose}>
    <div class="db touch">
      ${number && html`<a class="b high big" href=${`tel:${number}`}><${Icon} name="phone" />${number} · ${away ? t("ambulance near the client") : t("emergency services")}</a>`}
      ${away && !number && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${t("Nobody wrote down the number near the client. 911 dialled here reaches the clinic's town: say the client's address first, and ask to be put through.")}</span></p>
        <a class="b high big" href="tel:911"><${Icon} name="phone" />911</a>`}
      ${!session && html`<p class="note med"><${Icon} name="warn" /><span>${t("The server has not answered. A client at home needs the number of their own place: 911 dialled here reaches the clinic's town.")}</span></p>`}
      <dl class="dl">
        <dt>${t("Send them to")}</dt>
        <dd>${away ? placeWords(home) ?? t("not written down") : `${place.name}, ${postal(place.address)}`}</dd>
        ${adult?.phone && html`<dt>${t("With the client")}</dt><dd>${adult.name} <a href=${`tel:${adult.phone}`}>${adult.phone}</a></dd>`}
        ${home?.emergency_department && html`<dt>${t("Emergency department")}</dt><dd>${home.emergency_department}</dd>`}
        ${place.phone && html`<dt>${t("The clinic")}</dt><dd><a href=${`tel:${place.phone}`}>${place.phone}</a></dd>`}
      </dl>
      <p class="quiet">${away ? t("Keep the video on, and the adult beside the client. What was done is written down afterwards.") : t("Stay with the client. What was done is written down afterwards.")}</p>
    </div>
  <//>`;
}
