// Two versions of a draft: the words on this page and those on the server, side by side, and one verb for each.
import { Icon, html, useEffect, useRef } from "../core/h.js";
import { t } from "../core/i18n.js";
import { clock, clockSeconds } from "../core/time.js";
import { frameName, wordsOf, namesOf, sectionName } from "./words.js";

/** @param {{draft: any, zone: string, open: (dialog: object) => void, reload: () => void}} props */
export function Conflict({ draft, zone, open, reload }) {
  const box = useRef(null);
  useEffect(() => box.current.focus(), []);
  const { row, at } = draft.state.get().theirs;
  const writable = draft.open(row);
  const theirs = row.sections === null ? null : wordsOf(row);
  const names = [...new Set([...namesOf(draft.words), ...(theirs ? namesOf(theirs) : [])])];
  const differs = (name) => (draft.words.sections[name] ?? "") !== (theirs?.sections[name] ?? "");
  const heading = { draft: t("This note was written on elsewhere"), discarded: t("This note was discarded elsewhere") }[row.status] ?? t("This note was signed elsewhere");
  return html`<div class="cf" ref=${box} tabindex="-1">
    <p class="note med"><${Icon} name="warn" /><span><b>${heading}</b> ${t("{name}, {time}, version {n}. Nothing is lost: both versions stand here.", { name: row.author_name, time: clockSeconds(row.updated_at, zone), n: row.version })}</span></p>
    <div class="cf2">
      <${Version} title=${t("On this page")} words=${draft.words} names=${names} differs=${differs} zone=${zone} />
      <${Version} title=${t("On the server {time}", { time: clockSeconds(row.updated_at, zone) })} words=${theirs} names=${names} differs=${differs} zone=${zone} />
    </div>
    <footer class="ef">
      <span class="grow small quiet">${t("Looked at {time}. Copy what you need from either side first.", { time: clockSeconds(at, zone) })}</span>
      <button type="button" class="b" onClick=${() => (draft.takeTheirs(), reload())}>${t("Take the server's")}</button>
      ${writable && html`<button type="button" class="b go" onClick=${() => draft.keepMine()}>${t("Keep what is on this page")}</button>`}
      ${row.status === "signed" && row.allowed_moves.includes("addenda") && html`<button type="button" class="b go" onClick=${() => open({ kind: "addenda", note: row, text: names.filter(differs).map((name) => draft.words.sections[name]).filter(Boolean).join("\n\n") })}>${t("Add mine as an addendum…")}</button>`}
    </footer>
  </div>`;
}

/** "DAP, 9:00–9:54" */
function formOf({ frame, service_started_at: from, service_ended_at: to }, zone) {
  return from && to ? `${frameName(frame)}, ${clock(from, zone)}–${clock(to, zone)}` : frameName(frame);
}

function Version({ title, words, names, differs, zone }) {
  return html`<section aria-label=${title}><h2>${title} ${words && html`<span class="small quiet">${formOf(words, zone)}</span>`}</h2>
    ${words ? names.map((name) => html`<div key=${name} class=${differs(name) ? "sec differs" : "sec"}><h3>${sectionName(name)}${differs(name) && html` <span class="chip med">${t("differs")}</span>`}</h3><p class="wds">${words.sections[name] || t("no words")}</p></div>`) : html`<p class="quiet">${t("Its words are no longer shown.")}</p>`}
  </section>`;
}
