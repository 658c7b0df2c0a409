// Signed out soon: said a minute before, with one button that is a person's act and so keeps them in.
import { get } from "../core/api.js";
import { alert } from "../core/announce.js";
import { html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { me } from "../core/me.js";
import { now } from "../core/time.js";

const WARN = 60000;
const FIRST = 5000; // what the page itself needs comes first

/** Asks `auth/me/`, which itself extends nothing, when the session ends. */
export function Idle() {
  const [ends, setEnds] = useState(0);
  useEffect(() => {
    let timer = 0;
    const look = async () => {
      try {
        const person = await get("auth/me/", {}, { poll: true, quiet: true });
        if (!person.expires_at) return;
        const left = Date.parse(person.expires_at) - now();
        setEnds(left <= WARN ? Date.parse(person.expires_at) : 0);
        if (left <= WARN) alert(t("You will be signed out in a minute."));
        timer = setTimeout(look, Math.max(5000, left - WARN));
      } catch {
        timer = setTimeout(look, 30000);
      }
    };
    timer = setTimeout(look, FIRST);
    return () => clearTimeout(timer);
  }, [ends === 0]);
  if (!ends) return null;
  const stay = async () => {
    await get("locations/", { page_size: 1 });
    setEnds(0);
  };
  return html`<div class="strip" role="status">
    <b class="grow">${t("{name}, you will be signed out in a minute.", { name: me.get().name })}</b>
    <button type="button" class="b s" onClick=${stay}>${t("Stay signed in")}</button>
  </div>`;
}
