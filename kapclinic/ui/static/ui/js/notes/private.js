// /notes/private/{session}: one's own psychotherapy note, sealed and read by nobody else. Nothing that is billed stands beside it.
import { announce } from "../core/announce.js";
import { all, call, get } from "../core/api.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { over } from "../core/keys.js";
import { place } from "../core/me.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { dayIn, dayShort } from "../core/time.js";
import { begin, Frame } from "../frame/frame.js";
import { kindName } from "../desk/words.js";
import { Draft } from "./draft.js";
import { Sealed } from "./sealed.js";
import { Where } from "./where.js";

const PATH = "psychotherapy-notes/";
const id = window.location.pathname.split("/").filter(Boolean).at(-1);

async function loaded() {
  const session = await get(`sessions/${id}/`);
  const rows = await all(PATH, { session: id, ordering: "created_at" });
  const found = await Promise.all(rows.map((row) => call("GET", `${PATH}${row.id}/`)));
  const drafts = found.map(({ data, tag }) => draftFor(data, tag));
  return { session, drafts: drafts.length ? drafts : [draftFor(null)] };
}

function draftFor(row, tag = undefined) {
  return new Draft({
    path: row ? `${PATH}${row.id}/` : `${PATH}new/`,
    row,
    tag,
    wordsOf: (found) => ({ text: found?.text ?? "" }),
    bodyOf: ({ text }) => ({ text }),
    begin: { path: PATH, body: { session: id }, at: (found) => `${PATH}${found.id}/` },
  });
}

function Private() {
  const zone = useStore(place).time_zone;
  const [state, set] = useState({ data: null, problem: null });
  const look = () => loaded().then((data) => set({ data, problem: null }), (problem) => set({ data: null, problem }));
  useEffect(() => {
    look();
  }, []);
  const { data, problem } = state;
  return html`<${Frame} current="notes" keys=${[["Ctrl S", t("Save now")]]}>
    <section class="pv" aria-labelledby="mine">
      <header><a class="b s" href=${`/notes?session=${id}`}><${Icon} name="left" />${t("Notes")}</a>
        <h1 id="mine"><${Icon} name="lock" /> ${t("Psychotherapy note")}</h1>
        ${data && html`<p class="quiet">${data.session.client_name} · ${kindName(data.session.kind)} ${data.session.number} · ${dayShort(dayIn(data.session.starts_at, zone))}</p>`}
        <p>${t("Yours alone. Not part of the record, never exported, never billed. No doses, times, diagnosis or plan in it.")}</p></header>
      ${problem?.code === "private_notes_sealed" && html`<${Sealed} methods=${problem.extra.methods} back=${`/notes?session=${id}`} onOpen=${look} />`}
      ${problem && problem.code !== "private_notes_sealed" && html`<div class="failed"><p>${words(problem)}</p><button type="button" class="b go" onClick=${look}>${t("Try again")}</button></div>`}
      ${data?.drafts.map((draft, i) => html`<${One} key=${i} n=${i} draft=${draft} zone=${zone} />`)}
    </section>
  <//>`;
}

function One({ draft, n, zone }) {
  const state = useStore(draft.state);
  const field = useRef(null);
  useEffect(() => {
    if (!n) field.current?.focus();
    const press = (event) => {
      if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || over.get()) return;
      event.preventDefault();
      draft.save().then((there) => there && announce(t("All of it is on the server.")));
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  if (state.where === "conflict") return html`<${TwoVersions} draft=${draft} />`;
  return html`<div class="save"><${Where} draft=${draft} state=${state} zone=${zone} /></div>
    <label class="vh" for=${`private-${n}`}>${t("Words of the psychotherapy note")}</label>
    <textarea class="ta" id=${`private-${n}`} ref=${field} maxlength="100000" value=${draft.words.text} onInput=${(event) => draft.write({ text: event.target.value })}></textarea>`;
}

/** The same note, written on in another tab. */
function TwoVersions({ draft }) {
  const { row } = draft.state.get().theirs;
  return html`<p class="note med" role="alert"><${Icon} name="warn" />${t("You wrote on this note elsewhere. Both versions stand here.")}</p>
    <div class="cf2"><section><h2>${t("On this page")}</h2><p class="wds sec">${draft.words.text}</p></section><section><h2>${t("On the server")}</h2><p class="wds sec">${row.text}</p></section></div>
    <footer class="ef"><span class="grow"></span><button type="button" class="b" onClick=${() => draft.takeTheirs()}>${t("Take the server's")}</button><button type="button" class="b go" onClick=${() => draft.keepMine()}>${t("Keep what is on this page")}</button></footer>`;
}

begin(() => html`<${Private} />`);
