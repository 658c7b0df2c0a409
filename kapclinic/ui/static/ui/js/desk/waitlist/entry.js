// One who waits: for what, until when, on which days; a time is found for them, or they wait no more.
import { Icon, html } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { useKeys } from "../../core/keys.js";
import { addDays, dayIn } from "../../core/time.js";
import { Chosen, span, when } from "../parts/pane.js";
import { shownName } from "../parts/privacy.js";
import { kindName, weekdays } from "../words.js";

const MODALITIES = { any: () => t("Either"), in_person: () => t("In person"), video: () => t("Video") };

export function EntryObject({ entry, client, at, zone, open }) {
  const name = entry.client_name;
  const who = { id: entry.client, name, mrn: entry.client_mrn };
  function find() {
    const first = dayIn(Math.max(at, Date.parse(entry.window_from)), zone);
    const last = dayIn(Date.parse(entry.window_to) - 1, zone);
    const most = addDays(first, 90);
    open({ kind: "book", start: { client: who, program: entry.program, kind: entry.kind, from: first, to: last < most ? last : most } });
  }
  const may = entry.allowed_moves.includes("withdraw");
  const withdraw = () => may && open({ kind: "withdraw", row: { id: entry.id, client_name: name } });
  useKeys({ s: find, x: withdraw });
  const left = Date.parse(entry.window_to) - at;
  const aside = html`<span class="chip"><${Icon} name="wait" />${t("Waits for {time} more", { time: span(Math.max(0, left)) })}</span>`;
  const foot = html`<button type="button" class="b go" onClick=${find}><${Icon} name="cal" />${t("Find a time")} <kbd>s</kbd></button>
    ${may && html`<button type="button" class="b" onClick=${withdraw}>${t("Take off the waitlist…")} <kbd>x</kbd></button>`}`;
  const days = entry.preferred_days.map((day) => weekdays()[day]).join(", ");
  const hours = entry.preferred_hours && `${entry.preferred_hours.from}–${entry.preferred_hours.to}`;
  return html`<${Chosen} title=${shownName(name)} aside=${aside} foot=${foot}>
    <dl class="dl">
      <dt>${t("MRN")}</dt><dd>${entry.client_mrn}</dd>
      ${client && html`<dt>${t("Phone")}</dt><dd><a href=${`tel:${client.phone}`}>${client.phone}</a></dd>`}
      <dt>${t("What")}</dt><dd>${kindName(entry.kind)}</dd>
      <dt>${t("Comes by")}</dt><dd>${MODALITIES[entry.modality]?.() ?? entry.modality}</dd>
      <dt>${t("Window")}</dt><dd>${when(entry.window_from, zone)} – ${when(entry.window_to, zone)}</dd>
      <dt>${t("Days that suit")}</dt><dd>${days || t("Any")}</dd>
      <dt>${t("Hours that suit")}</dt><dd>${hours || t("Any")}</dd>
      <dt>${t("Without asking")}</dt><dd>${entry.auto_fill ? t("Yes: a time that fits is booked, then the client is called") : t("No: the client is called first")}</dd>
    </dl>
  <//>`;
}
