// Who is signed in: name and role.
import { html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { lazy } from "../core/lazy.js";
import { initials, me, roleName } from "../core/me.js";
import { useStore } from "../core/store.js";
import "./theme.js";

const Panel = lazy(() => import("./panel.js"), "Panel", { early: true }); // signed out of also when the network is away

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
    ${open && html`<${Panel} onLeave=${onLeave} onClose=${() => setOpen(false)} />`}
  </div>`;
}
