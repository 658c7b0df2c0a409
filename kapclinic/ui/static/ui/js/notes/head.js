// What a note is of: its session, when it was, and how far from the dose.
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, dayIn, dayShort } from "../core/time.js";
import { kindName } from "../desk/words.js";
import { noteName } from "./words.js";

/** @param {{note: any, besides: any, zone: string, at: number, onBack: () => void, children?: any}} props */
export function Head({ note, besides, zone, at, onBack, children }) {
  const own = note.kind === note.session_kind;
  return html`<header class="eh">
    <button type="button" class="b s back" onClick=${onBack}><${Icon} name="left" />${t("Inbox")}</button>
    <div class="grow">
      <h1 id="what"><i class=${`kdot k-${note.session_kind}`}></i> ${kindName(note.session_kind)} ${note.session_number}${!own && ` · ${noteName(note.kind)}`}</h1>
      <p class="quiet">${[note.client_name, whenOf(note, besides?.session, zone, at), ...sinceDose(note, besides)].filter(Boolean).join(" · ")}</p>
    </div>
    ${children}
  </header>`;
}

function whenOf(note, session, zone, at) {
  const day = dayIn(note.session_starts_at, zone);
  const time = `${clock(note.session_starts_at, zone)}${session ? `–${clock(session.ends_at, zone)}` : ""}`;
  const told = day === dayIn(at, zone) ? t("today {time}", { time }) : `${dayShort(day)} ${time}`;
  return session?.modality === "video" ? `${told} · ${t("on video")}` : told;
}

function sinceDose(note, besides) {
  if (note.hours_since_dose === null) return [];
  const n = besides?.given?.number;
  const hours = Math.round(note.hours_since_dose);
  return [n ? t("{h} h after dose {n}", { h: hours, n }) : t("{h} h after the dose", { h: hours }), note.in_window ? "" : t("outside its window")];
}
