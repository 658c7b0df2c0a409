// What somebody chooses for this device, opened from their name.
import { Icon, html, useState } from "../core/h.js";
import { language, speak, t } from "../core/i18n.js";
import { locations, place, workAt } from "../core/me.js";
import { useStore } from "../core/store.js";
import { setTheme } from "./theme.js";

const THEMES = () => [["", t("As the room")], ["light", t("Light")], ["dark", t("Dark")]];

export function Panel({ onLeave }) {
  const [rows, here] = [useStore(locations), useStore(place)];
  const [theme, choose] = useState(document.documentElement.dataset.theme ?? "");
  return html`<div class="d">
    ${rows.length > 1 &&
    html`<div class="f">
      <label for="where">${t("Clinic")}</label>
      <select id="where" value=${here.id} onChange=${(event) => workAt(event.target.value)}>
        ${rows.map((row) => html`<option key=${row.id} value=${row.id}>${row.name}</option>`)}
      </select>
    </div>`}
    <div class="f">
      <label for="theme">${t("Colours")}</label>
      <select id="theme" value=${theme} onChange=${(event) => (setTheme(event.target.value), choose(event.target.value))}>
        ${THEMES().map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
      </select>
    </div>
    <div class="f">
      <label for="language">${t("Language")}</label>
      <select id="language" value=${language} onChange=${(event) => speak(event.target.value)}>
        <option value="en" lang="en">English</option>
        <option value="es" lang="es">Español</option>
      </select>
    </div>
    <a class="b" href="/password">${t("New password")}</a>
    <a class="b" href="/second-factors">${t("Second factor")}</a>
    <button type="button" class="b" onClick=${onLeave}><${Icon} name="out" />${t("Sign out")}</button>
  </div>`;
}
