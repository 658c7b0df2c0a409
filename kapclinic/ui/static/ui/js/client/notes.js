// The notes of the client's sessions, newest first. Psychotherapy notes stand with nobody but who wrote them, and never here.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Foot, useList } from "../lists/list.js";
import { id } from "./known.js";
import { kindName, stateName, when } from "./words.js";

const SECTIONS = {
  data: () => t("Data"), assessment: () => t("Assessment"), plan: () => t("Plan"), subjective: () => t("Subjective"), objective: () => t("Objective"),
  behavior: () => t("Behaviour"), intervention: () => t("Intervention"), response: () => t("Response"), text: () => t("Note"),
};

/** @param {{course: any, zone: string, turn: any}} props */
export function Notes({ course, zone, turn }) {
  const list = useList("notes/", { client: id, ordering: "-created_at" }, turn);
  const [open, set] = useState(null);
  const sessions = new Map((course?.sessions ?? []).map((row) => [row.id, row]));
  return html`<section class="card" aria-labelledby="notes"><header><h2 id="notes">${t("Notes")}</h2></header>
    <ul class="papers">${(list.rows ?? []).map((row) => html`<li key=${row.id}><${Note} row=${row} session=${sessions.get(row.session)} zone=${zone} open=${open === row.id} toggle=${() => set(open === row.id ? null : row.id)} /></li>`)}</ul>
    <${Foot} list=${list} empty=${t("Nobody has written a note yet.")} /></section>`;
}

function Note({ row, session, zone, open, toggle }) {
  const shut = row.status === "signed";
  const what = session ? t("{kind} {n}", { kind: kindName(row.kind), n: session.number }) : kindName(row.kind);
  return html`<button type="button" class="lnk" aria-expanded=${open} onClick=${toggle}><${Icon} name=${open ? "down" : "right"} /><b>${what}</b>
      <span>${session ? when(session.starts_at, zone) : when(row.created_at, zone)}</span><span class="quiet">${row.author_name}</span>
      <span class=${row.voided ? "chip" : "quiet nowrap"}><${Icon} name=${row.voided ? "x" : shut ? "lock" : "pen"} /> ${row.voided ? t("Voided") : stateName(row.status)}</span></button>
    ${open && html`<div class="text stack">
      ${row.sections === null ? html`<p class="quiet">${t("What is in a draft is read by whoever writes it.")}</p>` : html`<${Text} sections=${row.sections} />`}
      ${row.signed_at && html`<p class="small quiet">${t("Signed {time} by {name}", { time: when(row.signed_at, zone), name: row.signature || row.signed_as?.name || row.author_name })}${row.cosigned_at && `, ${t("co-signed {time} by {name}", { time: when(row.cosigned_at, zone), name: row.cosignature })}`}</p>`}
      ${row.hours_since_dose !== null && html`<p class="small quiet">${t("{n} h after the dose", { n: Math.round(row.hours_since_dose) })}${row.in_window !== null && `, ${row.in_window ? t("in its window") : t("outside its window")}`}</p>`}
      ${row.addenda.map((one) => html`<div class="note" key=${one.id}><${Icon} name="plus" /><div><b>${t("Addendum, {time}", { time: when(one.created_at, zone) })}</b> <span class="quiet">${one.signature}</span><p>${one.text}</p></div></div>`)}
      <p><a class="b s" href=${`/notes/${row.id}`}><${Icon} name="pen" />${t("Open the note")}</a></p>
      ${row.voided && html`<p class="note med"><${Icon} name="warn" /><span>${t("Voided {time}: {why}", { time: when(row.voided.at, zone), why: row.voided.reason })}</span></p>`}
    </div>`}`;
}

function Text({ sections }) {
  return html`${Object.entries(sections).map(([name, text]) => html`<div key=${name}><h3>${SECTIONS[name]?.() ?? name}</h3><p class="as">${typeof text === "string" ? text : JSON.stringify(text)}</p></div>`)}`;
}
