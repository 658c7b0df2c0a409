// Who is signed in: name, role, clinic, theme, language.
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { language, speak, t } from "../core/i18n.js";
import { initials, locations, me, place, roleName, workAt } from "../core/me.js";
import { useStore } from "../core/store.js";

const THEMES = () => [["", t("As the room")], ["light", t("Light")], ["dark", t("Dark")]];

export function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  localStorage.setItem("kap.theme", theme);
}

setTheme(localStorage.getItem("kap.theme") ?? "");

export function Menu({ onLeave }) {
  const person = useStore(me);
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    const away = (event) => {
      if (event.key === "Escape" || (event.type === "pointerdown" && !box.current.contains(event.target))) setOpen(false);
    };
    document.addEventListener("keydown", away);
    document.addEventListener("pointerdown", away);
    return () => {
      document.removeEventListener("keydown", away);
      document.removeEventListener("pointerdown", away);
    };
  }, [open]);
  return html`<div class="menu" ref=${box}>
    <button type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      <span class="me">
        <i aria-hidden="true">${initials(person.name)}</i>
        <span><b>${person.name}</b><br /><span class="faint">${person.roles.map(roleName).join(", ")}</span></span>
      </span>
      <span class="vh">${t("Your settings")}</span>
    </button>
    ${open && html`<${Panel} onLeave=${onLeave} />`}
  </div>`;
}

function Panel({ onLeave }) {
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
    <button type="button" class="b" onClick=${onLeave}><${Icon} name="out" />${t("Sign out")}</button>
  </div>`;
}
