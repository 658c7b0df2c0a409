// One's own draft: its sections, where its words are, what is missing, and the one button that signs it.
import { announce } from "../core/announce.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { over } from "../core/keys.js";
import { sentence } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { clock, dayIn, dayShort } from "../core/time.js";
import { Conflict } from "./conflict.js";
import { Head } from "./head.js";
import { Safety } from "./safety.js";
import { Section } from "./section.js";
import { Where } from "./where.js";
import { FRAMES, frameName, namesOf, reframed, sectionName, stopName } from "./words.js";

/** @param {{draft: any, besides: any, last: any, phrases: any, zone: string, at: number, open: (dialog: object) => void, again: () => void, reload: () => void, onBack: () => void}} props */
export function Editor({ draft, besides, last, phrases, zone, at, open, again, reload, onBack }) {
  const state = useStore(draft.state);
  useKeysOf(draft, open);
  useTold(state.where);
  const note = draft.row;
  if (state.where === "conflict") return html`<section class="ed" aria-labelledby="what"><${Head} note=${note} besides=${besides} zone=${zone} at=${at} onBack=${onBack} /><${Conflict} draft=${draft} zone=${zone} open=${open} reload=${reload} /></section>`;
  const written = (name) => (text) => draft.write({ sections: { ...draft.words.sections, [name]: text } });
  const bring = () => bringIn(draft, last, zone);
  return html`<section class="ed" aria-labelledby="what">
    <${Head} note=${note} besides=${besides} zone=${zone} at=${at} onBack=${onBack}><${Frames} draft=${draft} /><//>
    <div class="save">
      <${Where} draft=${draft} state=${state} zone=${zone} />
      <span class="grow"></span>
      <button type="button" class="b bare s" onClick=${() => open({ kind: "phrases" })}><kbd>/</kbd> ${t("phrases")}</button>
      ${last && html`<button type="button" class="b s" onClick=${bring}>${t("Bring in last note")}</button>`}
    </div>
    <div class="secs">
      <${Returned} note=${note} zone=${zone} />
      ${state.refusedTimes && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${t("The times of care were not taken: {why}", { why: sentence(state.refusedTimes.errors[0]) })}</span><button type="button" class="b s" onClick=${() => open({ kind: "times" })}>${t("Times of care…")}</button></p>`}
      ${namesOf(draft.words).map((name, i) => html`<${Section} key=${`${note.id} ${name}`} name=${name} text=${draft.words.sections[name] ?? ""} last=${last} zone=${zone} phrases=${phrases} first=${i === 0} onText=${written(name)} onPhrases=${() => open({ kind: "phrases" })} />`)}
      <${Safety} besides=${besides} zone=${zone} at=${at} again=${again} open=${open} />
      <${Care} words=${draft.words} zone=${zone} open=${open} />
    </div>
    <${Foot} draft=${draft} besides=${besides} zone=${zone} open=${open} />
  </section>`;
}

/** Saving by hand, and signing, also while somebody writes. */
function useKeysOf(draft, open) {
  useEffect(() => {
    const press = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || over.get() || document.querySelector("dialog[open]")) return;
      if (event.key === "s") draft.save().then((there) => there && announce(t("All of it is on the server.")));
      else if (event.key === "Enter") open({ kind: "sign" });
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [draft]);
}

/** Told once when the words stay on this page, and once when they have arrived after all. */
function useTold(where) {
  const [was, set] = useState("server");
  useEffect(() => {
    const told = { page: "", refused: t("The server did not take these words: they are on this page."), conflict: t("This note was written on elsewhere: two versions stand side by side.") }[where];
    if (told) announce(told);
    if (where === "server" && ["refused", "conflict"].includes(was)) announce(t("All of it is on the server."));
    if (where !== "sending") set(where);
  }, [where]);
}

function Frames({ draft }) {
  const choose = (frame) => () => {
    if (frame === draft.words.frame) return;
    const { moved, ...change } = reframed(draft.words, frame);
    draft.write(change);
    if (moved) announce(t("What has no place in {frame} stands in its first section now.", { frame: frameName(frame) }));
  };
  return html`<div class="seg" role="radiogroup" aria-label=${t("Form of the note")}>
    ${Object.keys(FRAMES).map((frame) => html`<button type="button" role="radio" key=${frame} aria-checked=${draft.words.frame === frame} onClick=${choose(frame)}>${frameName(frame)}</button>`)}
  </div>`;
}

/** What a colleague gave it back for, the latest first. */
function Returned({ note, zone }) {
  return html`${[...note.returns].reverse().map((row) => html`<p class="note med" key=${row.at}><${Icon} name="left" /><span><b>${t("{name} gave it back {when}", { name: row.by_name, when: `${dayShort(dayIn(row.at, zone))} ${clock(row.at, zone)}` })}</b><br />${row.comment}</span></p>`)}`;
}

/** The words of the last note, where nothing stands yet: what is written is never touched. */
function bringIn(draft, last, zone) {
  const from = reframed({ frame: last.frame, sections: last.sections }, draft.words.frame).sections;
  const empty = namesOf(draft.words).filter((name) => !draft.words.sections[name]?.trim() && from[name]?.trim());
  if (empty.length) draft.write({ sections: { ...draft.words.sections, ...Object.fromEntries(empty.map((name) => [name, from[name]])) } });
  const day = dayShort(dayIn(last.session_starts_at, zone));
  announce(empty.length ? t("Brought in from {day}: {names}. Read it before you sign.", { day, names: empty.map(sectionName).join(", ") }) : t("Every section holds words already: nothing was brought in."));
}

/** When the care was, for what is billed by its minutes. */
function Care({ words, zone, open }) {
  const { service_started_at: from, service_ended_at: to } = words;
  return html`<section class="sec safe" aria-labelledby="care"><div class="row wrap"><h2 class="grow" id="care">${t("Times of care")}</h2>
    <span class="small quiet">${from && to ? `${clock(from, zone)}–${clock(to, zone)}` : t("as the session went")}</span>
    <button type="button" class="b s" onClick=${() => open({ kind: "times" })}>${t("Say otherwise…")}</button></div></section>`;
}

/** What stands between these words and a signature. */
function Foot({ draft, besides, zone, open }) {
  const empty = namesOf(draft.words).filter((name) => !draft.words.sections[name]?.trim());
  const all = empty.length === namesOf(draft.words).length;
  const stops = draft.row.missing.filter((one) => one.code !== "note_empty");
  const told = [...(all ? [t("The note says nothing yet.")] : empty.map((name) => t("{section} is empty.", { section: sectionName(name) }))), ...stops.map(stopName)];
  const asked = besides?.session && besides.timeline?.measures?.some((row) => row.instrument === "cssrs" && dayIn(row.taken_at, zone) === dayIn(besides.session.starts_at, zone));
  return html`<footer class="ef">
    <span class="grow small" id="before">${told.length ? html`${t("Before you sign:")} <b>${told.join(" ")}</b>` : t("Nothing is missing.")} ${besides?.session && !asked && t("No C-SSRS on the day of this session.")}</span>
    <button type="button" class="b bare s" onClick=${() => open({ kind: "discard" })}>${t("Discard…")}</button>
    <button type="button" class="b" onClick=${() => open({ kind: "preview" })}>${t("Look at it whole")}</button>
    <button type="button" class="b go" aria-describedby="before" onClick=${() => open({ kind: "sign" })}><${Icon} name="lock" />${t("Sign and lock…")} <kbd>Ctrl ↵</kbd></button>
  </footer>`;
}
