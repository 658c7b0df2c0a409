// What waits on this tablet, item by item: where each is, why one was refused, and the two ways out of that.
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { refusal, t } from "../core/i18n.js";
import { place } from "../core/me.js";
import { useStore } from "../core/store.js";
import { clock } from "../core/time.js";
import { useOnce } from "../core/intent.js";
import { again, discard, mine, outbox, put } from "../outbox/outbox.js";

const WHATS = {
  reading: () => t("Reading"),
  not_taken: () => t("Check not taken"),
  observation: () => t("Observation"),
  event: () => t("Adverse event"),
  discarded: () => t("Discarded entry"),
};

export function Waiting({ onClose }) {
  const items = mine(useStore(outbox));
  const [dropping, drop] = useState(null);
  return html`<${Dialog} title=${t("On this tablet")} onClose=${onClose}>
    <div class="db">
      ${!items.length && html`<p>${t("Nothing waits here: all of it is on the server.")}</p>`}
      <ul class="ob">
        ${items.map((item) => html`<${Item} key=${item.key} item=${item} onDrop=${() => drop(item)} />`)}
      </ul>
      ${dropping && html`<${Drop} item=${dropping} onDone=${() => drop(null)} />`}
    </div>
  <//>`;
}

function Item({ item, onDrop }) {
  const zone = place.get()?.time_zone ?? "UTC";
  const bad = item.state === "rejected";
  const where = bad ? t("refused") : item.state === "sending" ? t("sending") : t("on this tablet");
  return html`<li class=${bad ? "rej" : ""}>
    <span>${clock(item.at, zone)}</span>
    <span>${WHATS[item.what]()} ${summary(item.body)}</span>
    <span class="chip"><${Icon} name=${bad ? "stop" : "off"} />${where}</span>
    ${bad && html`<p>${refusal(item.problem) || item.problem.detail || item.problem.title}</p>`}
    ${bad &&
    html`<span class="row">
      ${item.what === "reading" &&
      html`<a class="b s" href=${`/bedside/sessions/${item.session}?correct=${item.key}`}>${t("Correct")}</a>`}
      <button type="button" class="b s" onClick=${() => again(item.key)}>${t("Send again")}</button>
      <button type="button" class="b s" onClick=${onDrop}>${t("Discard…")}</button>
    </span>`}
  </li>`;
}

/** "172/104, 86" of a reading: numbers only. */
export function summary(body) {
  if (body.systolic === undefined && body.heart_rate === undefined) return "";
  const pressure = body.systolic ? `${body.systolic}/${body.diastolic ?? "–"}` : "";
  return [pressure, body.heart_rate].filter(Boolean).join(", ");
}

/** Discarding is an act of its own: it goes to the session's record with its reason. */
function Drop({ item, onDone }) {
  const [reason, setReason] = useState("");
  const once = useOnce();
  async function go(event) {
    event.preventDefault();
    if (reason.trim()) await once(drop);
  }
  async function drop() {
    const text = t("Discarded on the tablet: {what} {values}. Refused with: {why}. Reason: {reason}", {
      what: WHATS[item.what](),
      values: summary(item.body),
      why: item.problem.title,
      reason: reason.trim(),
    });
    const body = { part: "observation", content: { text }, observed_at: new Date(item.at).toISOString() };
    await put({ path: `sessions/${item.session}/record/`, body, session: item.session, what: "discarded" });
    await discard(item.key);
    onDone();
  }
  return html`<form class="f" onSubmit=${go}>
    <label for="why">${t("Why is it discarded? The reason goes into the session's record.")}</label>
    <textarea id="why" required value=${reason} onInput=${(event) => setReason(event.target.value)}></textarea>
    <span class="row">
      <button class="b">${t("Discard it")}</button>
      <button type="button" class="b bare" onClick=${onDone}>${t("Keep it")}</button>
    </span>
  </form>`;
}
