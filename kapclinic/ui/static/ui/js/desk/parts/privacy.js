// The privacy switch of a desk that clients can see: names in lists and on the day become initials. Dialogs keep them
// in full, since whoever acts must know whom it is about.
import { t } from "../../core/i18n.js";
import { initials } from "../../core/me.js";
import { store, useStore } from "../../core/store.js";
import { announce } from "../../core/announce.js";
import { Icon, html } from "../../core/h.js";

const KEPT = "kap.discreet";

export const discreet = store(localStorage.getItem(KEPT) === "on");

export function switchNames() {
  const on = !discreet.get();
  localStorage.setItem(KEPT, on ? "on" : "off");
  discreet.set(on);
  announce(on ? t("Names are shown as initials") : t("Names are shown in full"));
}

/** A client's name as it may be seen across the desk. */
export function shownName(name) {
  return discreet.get() ? initials(name ?? "") : name;
}

export function NamesSwitch() {
  const on = useStore(discreet);
  return html`<button type="button" class="b bare s" aria-pressed=${on} onClick=${switchNames}><${Icon} name="eye" />${t("Initials")} <kbd>v</kbd></button>`;
}
