// /notes and /notes/{id}: what a therapist has to write, the note, and what is read beside it. Nurses and prescribers write theirs here too.
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { place } from "../core/me.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { begin, Frame } from "../frame/frame.js";
import { useNow } from "../frame/net.js";
import { Inbox, rowsOf } from "./inbox.js";
import { lastNote, useBesides, useInbox, useNote, useSession } from "./known.js";
import { usePhrases } from "./mine.js";
import { useRoute } from "./route.js";

const PANE = { early: true, pane: true };
const Begin = lazy(() => import("./begin.js"), "Begin", PANE);
const Context = lazy(() => import("./context.js"), "Context", PANE);
const Editor = lazy(() => import("./editor.js"), "Editor", PANE);
const Signed = lazy(() => import("./signed.js"), "Signed", PANE);
const Act = lazy(() => import("./acts.js"), "Act", { early: true });
const Book = lazy(() => import("./book.js"), "Book");
const Phrases = lazy(() => import("./phrases.js"), "Phrases");
const Preview = lazy(() => import("./times.js"), "Preview");
const Screener = lazy(() => import("./screener.js"), "Screener");
const Times = lazy(() => import("./times.js"), "Times");
const ACTS = ["sign", "cosign", "return", "addenda", "discard"];

function Notes() {
  const here = useStore(place);
  const [at, zone] = [useNow(15000), here.time_zone];
  const [route, go] = useRoute();
  const box = useInbox();
  const note = useNote(route.note);
  const fresh = useSession(route.note ? null : route.session);
  const [dialog, open] = useState(null);
  const [turn, turned] = useState(0);
  const about = aboutOf(note.note, fresh.session);
  const besides = useBesides(about);
  const phrases = usePhrases(!!note.draft);
  const again = () => (box.again(), turned((n) => n + 1));
  useSteps(box.data, route, go, at);
  const close = () => open(null);
  const shared = { besides: besides.data, zone, at, open, onBack: () => go({}) };
  return html`<${Frame} current="notes" count=${{ notes: box.data ? rowsOf(box.data, at).length : 0 }} keys=${KEYS()}>
    <div class=${`th${route.note || route.session ? " one" : ""}`}>
      <${Inbox} box=${box} route=${route} go=${go} place=${here} at=${at} turn=${turn} onBook=${(row) => open({ kind: "book", row })} />
      <${Middle} note=${note} fresh=${fresh} route=${route} shared=${shared} phrases=${phrases} again=${besides.again} onBegun=${(id) => (again(), go({ note: id }, true))} />
      ${about && html`<${Context} name=${about.name} besides=${besides.data} session=${about.session} zone=${zone} at=${at} again=${() => (again(), besides.again())} />`}
    </div>
    ${dialog && html`<${Over} dialog=${dialog} note=${note} about=${about} here=${here} at=${at} phrases=${phrases} onClose=${close} onWritten=${besides.again} onStale=${() => (close(), note.again())} onDone=${(kind) => done({ kind, note, dialog, again, close })} />`}
  <//>`;
}

/** What was done to the note is shown as the server has it now. */
function done({ kind, note, dialog, again, close }) {
  close();
  again();
  if (!ACTS.includes(kind)) return;
  if (kind === "addenda" && dialog.note) note.draft?.takeTheirs(); // the words of this page went into it
  if (kind === "discard") note.draft?.close();
  note.again();
}

function aboutOf(note, session) {
  if (note) return { session: note.session, program: note.program, client: note.client, name: note.client_name, dose: note.dose?.session ?? null };
  if (session) return { session: session.id, program: session.program, client: session.client, name: session.client_name, dose: null };
  return null;
}

function Middle({ note, fresh, route, shared, phrases, again, onBegun }) {
  const problem = note.problem ?? fresh.problem;
  if (note.draft) return html`<${Editor} key=${note.draft.path} draft=${note.draft} last=${lastNote(shared.besides, note.draft.row.kind, note.draft.row.session)} phrases=${phrases} again=${again} reload=${note.again} ...${shared} />`;
  if (note.note) return html`<${Signed} key=${note.note.id} note=${note.note} ...${shared} />`;
  if (fresh.session) return html`<${Begin} key=${fresh.session.id} session=${fresh.session} onBegun=${onBegun} ...${shared} />`;
  return html`<section class="ed none">
    ${problem ? html`<div class="failed"><h1>${problem.status === 404 ? t("This note is not here") : t("This note can not be shown")}</h1><p>${words(problem)}</p><button type="button" class="b" onClick=${shared.onBack}><${Icon} name="left" />${t("Inbox")}</button></div>` : route.note || route.session ? html`<div class="skels" aria-hidden="true"><i class="skel"></i><i class="skel"></i><i class="skel"></i></div>` : html`<p class="quiet">${t("Choose a session on the left. What runs out next stands first.")}</p>`}
  </section>`;
}

/** Up and down through what is to be written. */
function useSteps(data, route, go, at) {
  const rows = data ? rowsOf(data, at) : [];
  const step = (by) => () => {
    const i = rows.findIndex((row) => (row.note ? row.note === route.note : !route.note && row.session === route.session));
    const next = rows[Math.max(0, Math.min(rows.length - 1, i + by))];
    if (!next || route.tab !== "write") return;
    go(next.note ? { note: next.note } : { session: next.session });
    requestAnimationFrame(() => document.getElementById(`row-${next.key}`)?.focus());
  };
  useKeys({ ArrowUp: step(-1), ArrowDown: step(1) });
}

function Over({ dialog, note, about, here, at, phrases, onClose, onWritten, onStale, onDone }) {
  const { kind } = dialog;
  const zone = here.time_zone;
  if (kind === "book") return html`<${Book} here=${here} at=${at} obligation=${dialog.row} onDone=${() => onDone(kind)} onClose=${onClose} />`;
  if (kind === "phrases") return html`<${Phrases} phrases=${phrases} onClose=${onClose} />`;
  if (kind === "screener") return html`<${Screener} program=${about.program} name=${about.name} onDone=${onWritten} onClose=${onClose} />`;
  if (kind === "times") return html`<${Times} draft=${note.draft} zone=${zone} onClose=${onClose} />`;
  if (kind === "preview") return html`<${Preview} draft=${note.draft} onClose=${onClose} />`;
  return html`<${Act} kind=${kind} note=${dialog.note ?? note.draft?.row ?? note.note} draft=${note.draft} text=${dialog.text} zone=${zone} onDone=${onDone} onStale=${onStale} onClose=${onClose} />`;
}

function KEYS() {
  return [["/", t("In a note: a phrase of yours")], ["Ctrl ↵", t("Sign the note")], ["Ctrl S", t("Save now")], ["↑ ↓", t("Row before, row after")]];
}

begin(() => html`<${Notes} />`);
