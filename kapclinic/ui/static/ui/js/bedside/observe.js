// An observation for the session's record, and calling for help.
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { now } from "../core/time.js";
import { put } from "../outbox/outbox.js";

export function Observation({ session, onClose }) {
  const [text, setText] = useState("");
  async function save(event) {
    event.preventDefault();
    if (!text.trim()) return;
    const body = { part: "observation", content: { text: text.trim() }, observed_at: new Date(now()).toISOString() };
    await put({ path: `sessions/${session}/record/`, body, session, what: "observation" });
    onClose();
  }
  return html`<${Dialog} title=${t("Observation")} onClose=${onClose}>
    <form class="touch" onSubmit=${save}>
      <div class="db f">
        <label for="seen">${t("What did you see or hear? It goes into the session's record.")}</label>
        <textarea id="seen" required maxlength="4000" value=${text} onInput=${(event) => setText(event.target.value)}></textarea>
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Cancel")}</button>
        <button class="b go">${t("Save observation")}</button>
      </div>
    </form>
  <//>`;
}

/** "1 Example Street, Denver, CO 80202" of an address in parts. */
function postal({ line1, line2, city, state, postal_code: code }) {
  return [line1, line2, city, [state, code].filter(Boolean).join(" ")].filter(Boolean).join(", ");
}

/** Whom to call, and where the help has to come to. A dose at home has its own number and address. */
export function Help({ session, place, onClose }) {
  const home = session?.client_location;
  return html`<${Dialog} title=${t("Call for help")} onClose=${onClose}>
    <div class="db touch">
      <a class="b high big" href=${`tel:${home?.ems_phone || "911"}`}><${Icon} name="phone" />${home?.ems_phone || "911"} · ${t("emergency services")}</a>
      <dl class="dl">
        <dt>${t("Send them to")}</dt>
        <dd>${home ? `${home.address}, ${home.state}` : `${place.name}, ${postal(place.address)}`}</dd>
        ${home?.emergency_department && html`<dt>${t("Emergency department")}</dt><dd>${home.emergency_department}</dd>`}
        ${place.phone && html`<dt>${t("The clinic")}</dt><dd><a href=${`tel:${place.phone}`}>${place.phone}</a></dd>`}
      </dl>
      <p class="quiet">${t("Stay with the client. What was done is written down afterwards.")}</p>
    </div>
  <//>`;
}
