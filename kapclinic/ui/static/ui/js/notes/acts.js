// Signing, co-signing, giving back, adding to and discarding a note. Each waits for the server, and says what it is about.
import { announce } from "../core/announce.js";
import { call } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useIntent, useOnce } from "../core/intent.js";
import { me } from "../core/me.js";
import { Problem, byField, words } from "../core/problem.js";
import { clock, dayIn, dayShort } from "../core/time.js";
import { kindName } from "../desk/words.js";
import { stopName } from "./words.js";

const ACTS = {
  sign: { title: () => t("Sign and lock"), verb: () => t("Sign and lock"), did: () => t("Signed and locked."), path: "sign", fields: ["password"], lead: () => t("From now on nobody changes these words. What is missing is added below them.") },
  cosign: { title: () => t("Co-sign"), verb: () => t("Co-sign"), did: () => t("Co-signed."), path: "cosign", fields: ["password"], lead: () => t("Your signature stands under the note beside its author's.") },
  return: { title: () => t("Give it back"), verb: () => t("Give it back"), did: () => t("It is with its author again."), path: "return", fields: ["comment"], lead: () => t("It becomes a draft again, with your words on top. The signature under it falls.") },
  addenda: { title: () => t("Add an addendum"), verb: () => t("Add to the note"), did: () => t("The addendum is on the server."), path: "addenda", fields: ["reason", "text"], lead: () => t("It stands below the signed words under your own name, and is never changed.") },
  discard: { title: () => t("Discard this draft"), verb: () => t("Discard it"), did: () => t("Discarded."), path: "discard", fields: ["reason"], lead: () => t("It stays in the record as what it is, unsigned, and counts for nothing.") },
};
const LABELS = {
  password: () => t("Your password"),
  comment: () => t("What is to be put right?"),
  reason: () => t("Why?"),
  text: () => t("What is added"),
  covering_reason: () => t("Why do you write in the place of who was there?"),
};

/** What is on this page goes to the server first, and what is signed is what the server has. */
function useReady(kind, note, draft) {
  const [state, set] = useState({ note: null, problem: null, unsent: false });
  const look = async () => {
    set({ note: null, problem: null, unsent: false });
    try {
      if (draft && !(await draft.save())) return set({ note: null, problem: draft.state.get().problem, unsent: true });
      const { data } = await call("GET", `notes/${note.id}/`);
      const moved = data.version !== (draft ? draft.row.version : note.version);
      return set({ note: data, problem: moved ? new Problem({ status: 412, code: "stale" }) : null, unsent: false });
    } catch (problem) {
      return set({ note: null, problem, unsent: false });
    }
  };
  useEffect(() => {
    look();
  }, []);
  return { ...state, look };
}

/**
 * @param {{kind: string, note: any, draft: any, text?: string, zone: string, onDone: (kind: string) => void, onStale: () => void, onClose: () => void}} props
 *   `text`: words that are already there
 */
export function Act({ kind, note, draft, text = "", zone, onDone, onStale, onClose }) {
  const act = ACTS[kind];
  const ready = useReady(kind, note, kind === "sign" ? draft : null);
  const [form, fill] = useState({ comment: "", reason: "", text, covering_reason: "" });
  const [state, tell] = useState({ busy: false, problem: null });
  const intent = useIntent({ kind, note: note.id, version: ready.note?.version, ...form });
  const [once, secret] = [useOnce(), useRef(null)];
  const missing = kind === "sign" ? ready.note?.missing ?? [] : [];
  const covers = missing.some((one) => one.code === "not_on_session");
  const stops = missing.filter((one) => one.code !== "not_on_session");
  const fields = covers ? ["covering_reason", ...act.fields] : act.fields;
  async function save() {
    tell({ busy: true, problem: null });
    const body = Object.fromEntries(fields.map((name) => [name, name === "password" ? secret.current.value : form[name].trim()]));
    try {
      await call("POST", `notes/${note.id}/${act.path}/`, { body, key: intent.sent().key });
      done();
    } catch (problem) {
      if (intent.acted(problem)) return done();
      tell({ busy: false, problem });
    } finally {
      if (secret.current) secret.current.value = "";
    }
    return undefined;
  }
  const done = () => {
    announce(act.did());
    onDone(kind);
  };
  const send = (event) => {
    event.preventDefault();
    if (ready.note && !ready.problem && !stops.length) once(save);
  };
  const wrong = state.problem instanceof Problem ? byField(state.problem) : {};
  return html`<${Dialog} title=${act.title()} onClose=${onClose}>
    <form onSubmit=${send}>
      <div class="db">
        <p><b>${note.client_name}</b> · ${kindName(note.session_kind)} ${note.session_number} · ${dayShort(dayIn(note.session_starts_at, zone))} ${clock(note.session_starts_at, zone)}</p>
        <p class="small quiet">${act.lead()}</p>
        <${Ready} ready=${ready} stops=${stops} onStale=${onStale} />
        ${ready.note && !ready.problem && !stops.length && fields.map((name) => html`<${Words} key=${name} name=${name} secret=${secret} form=${form} fill=${fill} wrong=${wrong[name]} />`)}
        ${kind === "sign" && html`<p class="small quiet">${t("You sign as {name}.", { name: me.get().name })}</p>`}
        ${state.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${refusal(state.problem)}</span></p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" disabled=${state.busy || undefined} aria-disabled=${!ready.note || ready.problem || stops.length ? "true" : undefined}>${state.busy ? t("Saving…") : act.verb()}</button>
      </div>
    </form>
  <//>`;
}

function refusal(problem) {
  if (problem.code === "reauthentication_failed") return t("The password is wrong. After too many wrong ones your sign-in is locked.");
  return words(problem);
}

/** Why it cannot be done now, in words, before anybody types a password. */
function Ready({ ready, stops, onStale }) {
  if (ready.unsent) return html`<p class="note high" role="alert"><${Icon} name="off" /><span>${t("Some of your words are on this page alone: what is signed is what the server has.")} ${ready.problem && words(ready.problem)}</span><button type="button" class="b s" onClick=${ready.look}>${t("Try again")}</button></p>`;
  if (ready.problem?.status === 412) return html`<p class="note med" role="alert"><${Icon} name="warn" /><span>${t("This note has changed since it was shown to you. Read it again first.")}</span><button type="button" class="b s" onClick=${onStale}>${t("Show it")}</button></p>`;
  if (ready.problem) return html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(ready.problem)}</span><button type="button" class="b s" onClick=${ready.look}>${t("Try again")}</button></p>`;
  if (!ready.note) return html`<p class="small quiet" role="status">${t("Looking at what the server has…")}</p>`;
  if (stops.length) return html`<div class="errors" role="alert"><h2>${t("This stops the signature")}</h2><ul>${stops.map((one) => html`<li key=${one.code}>${stopName(one)}</li>`)}</ul></div>`;
  return null;
}

function Words({ name, secret, form, fill, wrong }) {
  const id = `act-${name}`;
  const common = { id, required: true, "aria-describedby": wrong ? `${id}-wrong` : undefined };
  const write = (event) => fill({ ...form, [name]: event.target.value });
  const first = useRef(null);
  useEffect(() => {
    if (["password", "comment", "reason"].includes(name) || name === "covering_reason") (name === "password" ? secret : first).current?.focus();
  }, []);
  return html`<div class=${wrong ? "f bad" : "f"}><label for=${id}>${LABELS[name]()}</label>
    ${name === "password" ? html`<input ...${common} ref=${secret} type="password" autocomplete="current-password" />` : html`<textarea ...${common} ref=${first} minlength=${name === "text" ? 1 : 3} maxlength=${name === "text" ? 20000 : 1000} value=${form[name]} onInput=${write}></textarea>`}
    ${wrong && html`<span class="err" id=${`${id}-wrong`}>${wrong}</span>`}</div>`;
}
