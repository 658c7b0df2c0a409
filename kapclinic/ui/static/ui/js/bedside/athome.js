// The line under the banner of a client at home: where they are, who is with them, whom one would call.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { placeWords } from "./known.js";

/** @param {{session: object, onOpen: () => void}} props */
export function AtHome({ session, onOpen }) {
  const { client_location: home, escort, attestations = {} } = session;
  const rows = [
    [t("At home"), placeWords(home)],
    [t("Ambulance there"), home?.ems_phone],
    [t("With the client"), escort && [escort.name, escort.phone].filter(Boolean).join(" · ")],
    [t("The video"), attestations.video_on ? t("it is on") : null],
  ];
  return html`<div class="athome" role="group" aria-label=${t("At home on video")}>
    <${Icon} name="video" />
    <dl class="facts">
      ${rows.map(([label, value]) => html`<div key=${label} class=${value ? "" : "warn"}><dt>${label}</dt><dd>${value || html`<${Icon} name="warn" /> ${t("not written down")}`}</dd></div>`)}
    </dl>
    <span class="grow"></span>
    <span class="quiet small">${t("Readings are read off the client's own devices on video.")}</span>
    ${onOpen && html`<button type="button" class="b s" onClick=${onOpen}>${t("Place and help…")}</button>`}
  </div>`;
}
