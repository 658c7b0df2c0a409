// A session that has no note of one's own yet: its form is chosen, and the note begins as a draft on the server.
import { get } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { me } from "../core/me.js";
import { words } from "../core/problem.js";
import { Head } from "./head.js";
import { FRAMES, frameName, kindsFor, noteName } from "./words.js";

/** The session as the head of a note tells it. */
function asNote(session, kind) {
  return { kind, session_kind: session.kind, session_number: session.number, session_starts_at: session.starts_at, client_name: session.client_name, hours_since_dose: null };
}

/** @param {{session: any, besides: any, zone: string, at: number, onBegun: (id: string) => void, onBack: () => void}} props */
export function Begin({ session, besides, zone, at, onBegun, onBack }) {
  const kinds = kindsFor(session);
  const [kind, choose] = useState(kinds[0]);
  const [wished, wish] = useState("");
  const used = besides?.signed.find((row) => row.author === me.get().id)?.frame;
  const frame = wished || used || "dap"; // as one wrote last in this course
  const writing = useWrite((row) => onBegun(row.id));
  useEffect(() => {
    if (writing.problem?.code === "note_exists") mineOn(session.id, kind).then((row) => row && onBegun(row.id), () => {});
  }, [writing.problem]);
  const begin = () => writing.write("notes/", { session: session.id, kind, frame, sections: {} });
  return html`<section class="ed" aria-labelledby="what">
    <${Head} note=${asNote(session, kind ?? session.kind)} besides=${besides} zone=${zone} at=${at} onBack=${onBack} />
    <div class="save"><span class="chip"><${Icon} name="pen" />${t("No note of yours yet")}</span></div>
    <div class="secs begin">
      ${!kinds.length && html`<p class="note"><${Icon} name="info" />${t("Your role writes no note on this kind of session.")}</p>`}
      ${kinds.length > 1 && html`<div class="f"><span class="label" id="kind-of">${t("Which note")}</span><div class="seg" role="radiogroup" aria-labelledby="kind-of">${kinds.map((one) => html`<button type="button" role="radio" key=${one} aria-checked=${kind === one} onClick=${() => choose(one)}>${noteName(one)}</button>`)}</div></div>`}
      ${kinds.length > 0 && html`<div class="f"><span class="label" id="form-of">${t("Form of the note")}</span><div class="seg" role="radiogroup" aria-labelledby="form-of">${Object.keys(FRAMES).map((one) => html`<button type="button" role="radio" key=${one} aria-checked=${frame === one} onClick=${() => wish(one)}>${frameName(one)}</button>`)}</div><span class="hint">${t("It can be changed while you write.")}</span></div>`}
      ${writing.problem && html`<p class="note high" role="alert"><${Icon} name="stop" />${words(writing.problem)}</p>`}
    </div>
    ${kinds.length > 0 && html`<footer class="ef"><span class="grow small quiet">${t("From the first word on, this page says where your words are.")}</span>
      <button type="button" class="b go" disabled=${writing.busy || undefined} onClick=${begin}><${Icon} name="pen" />${writing.busy ? t("Saving…") : t("Begin the note")}</button></footer>`}
  </section>`;
}

async function mineOn(session, kind) {
  const { results } = await get("notes/", { session, kind, author: me.get().id });
  return results.find((row) => row.status !== "discarded");
}
