// One offer: call the client by then; book it at once, or say what became of the call.
import { announce } from "../../core/announce.js";
import { call, get } from "../../core/api.js";
import { Icon, html, useState } from "../../core/h.js";
import { t } from "../../core/i18n.js";
import { useKeys } from "../../core/keys.js";
import { countdown, now } from "../../core/time.js";
import { useNow } from "../../frame/net.js";
import { Refused } from "../refused.js";
import { useWrite } from "../../core/intent.js";
import { Chosen, due, when, whenTo } from "../parts/pane.js";
import { shownName } from "../parts/privacy.js";
import { firstNames, kindName } from "../words.js";

const HOUR = 3600000;
const ANSWERS = () => [["declined", t("Does not want it")], ["not reached", t("Not reached")], ["let go", t("Nobody is called for it any more")]];

/** The integration that this would settle, where one is owed then: a booking names it. */
async function owedFor(offer) {
  if (offer.kind !== "integration") return null;
  const { results } = await get("obligations/", { program: offer.program, state: "due", ordering: "window_end" });
  const start = Date.parse(offer.starts_at);
  return results.find((row) => Date.parse(row.window_start) <= start && start < Date.parse(row.window_end))?.id ?? null;
}

/** Who books an offer has the client on the phone; where this fails, they are booked and will be reminded like anybody. */
function confirmed(row) {
  const body = { client_confirmed_at: new Date(now()).toISOString() };
  return call("PATCH", `sessions/${row.id}/`, { body, match: `"${row.version}"` }).catch(() => null);
}

export function OfferObject({ offer, others, client, names, zone, open, onDone }) {
  const at = useNow(1000);
  const [looking, look] = useState(false);
  const booking = useWrite(async (row) => {
    await confirmed(row);
    announce(t("Booked: {when}", { when: when(row.starts_at, zone) }));
    onDone(row);
  });
  async function book() {
    if (looking || booking.busy) return;
    look(true);
    try {
      const obligation = await owedFor(offer);
      const { program, kind, modality, starts_at, ends_at, room, staff } = offer;
      booking.write("sessions/", { program, kind, modality, starts_at, ends_at, room, staff, ...(obligation ? { obligation } : {}) });
    } catch (problem) {
      booking.fail(problem);
    }
    look(false);
  }
  const answer = () => open({ kind: "done", task: offer.task, phone: client?.phone, title: t("Declined or not reached"), choices: ANSWERS() });
  const elsewhere = () => open({ kind: "book", start: { client: { id: offer.client, name: offer.task.client_name, mrn: offer.task.client_mrn }, program: offer.program, kind: offer.kind } });
  useKeys({ s: book, d: answer });
  const left = Date.parse(offer.task.due_at) - at;
  const busy = looking || booking.busy;
  const foot = html`<button type="button" class="b go" disabled=${busy || undefined} onClick=${book}>${busy ? t("Saving…") : html`<${Icon} name="cal" />${t("Book it")} <kbd>s</kbd>`}</button>
    <button type="button" class="b" onClick=${answer}>${t("Declined or not reached…")} <kbd>d</kbd></button>`;
  return html`<${Chosen} title=${shownName(offer.task.client_name)} aside=${html`<${CallBy} left=${left} offer=${offer} at=${at} />`} foot=${foot}>
    <p class="what">${t("Call the client, and offer this time. Nothing is held for them until it is booked.")}</p>
    ${booking.problem && html`<${Refused} problem=${booking.problem} names=${names} zone=${zone} onPick=${elsewhere} />`}
    <dl class="dl">
      <dt>${t("MRN")}</dt><dd>${offer.task.client_mrn}</dd>
      ${client?.phone && html`<dt>${t("Phone")}</dt><dd><a href=${`tel:${client.phone}`}>${client.phone}</a></dd>`}
      <dt>${t("What")}</dt><dd>${kindName(offer.kind)}</dd>
      <dt>${t("Time")}</dt><dd><b>${whenTo(offer, zone)}</b></dd>
      <dt>${t("Where")}</dt><dd>${names.rooms.get(offer.room)?.name ?? t("Video")}</dd>
      <dt>${t("With")}</dt><dd>${firstNames(offer, names.staff)}</dd>
      ${others.length > 0 && html`<dt>${t("Also waiting")}</dt><dd>${others.map((one) => shownName(one.task.client_name)).join(", ")}</dd>`}
    </dl>
  <//>`;
}

/** How long there is to call before the next one in the row should be asked. */
function CallBy({ left, offer, at }) {
  if (left > 0 && left < HOUR) return html`<span class="chip"><${Icon} name="wait" />${t("Call within")} <b role="timer">${countdown(left)}</b></span>`;
  return html`<span class=${left > 0 ? "chip" : "chip high-soft"}><${Icon} name=${left > 0 ? "wait" : "stop"} />${t("Call: {due}", { due: due(offer.task.due_at, at) })}</span>`;
}
