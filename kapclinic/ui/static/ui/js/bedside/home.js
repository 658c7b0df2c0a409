// A dose at home on video: where the client is, who is with them, and where help would come from.
import { call } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Problem, byField, words } from "../core/problem.js";
import { useOnce } from "../core/intent.js";

const PLACE = ["state", "address", "emergency_department", "ems_phone"];
const ADULT = ["name", "phone", "relationship"];
const SAID = ["chaperone_trained", "video_on"];
const LABELS = {
  address: () => t("Where the client is: street, door, how to get in"),
  state: () => t("State"),
  emergency_department: () => t("Nearest emergency department"),
  ems_phone: () => t("Number of the ambulance there"),
  name: () => t("Their name"),
  phone: () => t("Their phone"),
  relationship: () => t("Their relation to the client"),
  chaperone_trained: () => t("They know what to watch for and whom to call"),
  video_on: () => t("The video is on, and both are to be seen"),
};

/** What the server holds, as the form shows it. */
function formOf(session) {
  const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from?.[name] ?? ""]));
  const said = Object.fromEntries(SAID.map((code) => [code, session.attestations?.[code] ?? null]));
  return { ...pick(session.client_location, PLACE), ...pick(session.escort, ADULT), ...said };
}

function filled(form, names) {
  return Object.fromEntries(names.filter((name) => form[name].trim()).map((name) => [name, form[name].trim()]));
}

/** What of the form differs from the server's: nothing is said again that nobody touched. */
function bodyOf(form, old) {
  const differs = (names) => names.some((name) => form[name] !== old[name]);
  const said = SAID.filter((code) => form[code] !== null && form[code] !== old[code]);
  return {
    ...(differs(PLACE) ? { client_location: filled(form, PLACE) } : {}),
    ...(differs(ADULT) ? { escort: filled(form, ADULT) } : {}),
    ...(said.length ? { attestations: Object.fromEntries(said.map((code) => [code, form[code]])) } : {}),
  };
}

/** {tag, old} of the session, read anew by `look`; a row without its tag can't be changed. */
function useFresh(session) {
  const [state, set] = useState({ tag: null, old: formOf(session), problem: null });
  const look = async () => {
    try {
      const { data, tag } = await call("GET", `sessions/${session.id}/`);
      const found = { tag, old: formOf(data), problem: null };
      set(found);
      return found;
    } catch (problem) {
      set((old) => ({ ...old, problem }));
      return null;
    }
  };
  useEffect(() => void look(), [session.id]);
  return { ...state, look };
}

/** What is typed over what the server holds, and writing it there unless somebody else was at the same field. */
function useHome(session, onDone, onClose) {
  const fresh = useFresh(session);
  const [touched, touch] = useState({}); // the rest shows what the server holds, also when that changes meanwhile
  const [state, tell] = useState({ busy: false, problem: null, theirs: null });
  const once = useOnce();
  useEffect(() => {
    const theirs = fresh.tag ? changed(formOf(session), fresh.old, touched) : []; // typed before the answer was here
    if (theirs.length) tell({ busy: false, problem: null, theirs });
  }, [fresh.tag === null]);
  async function write({ tag, old }, tries) {
    const body = bodyOf({ ...old, ...touched }, old);
    if (!tag || !Object.keys(body).length) return onClose();
    try {
      await call("PATCH", `sessions/${session.id}/`, { body, match: tag });
      return onDone();
    } catch (problem) {
      const now = problem.status === 412 ? await fresh.look() : null;
      const theirs = now && changed(old, now.old, touched);
      if (now && !theirs.length && tries > 0) return write(now, tries - 1); // what changed is nothing of what was typed
      return tell({ busy: false, problem, theirs: theirs?.length ? theirs : null });
    }
  }
  return {
    fresh,
    state,
    form: { ...fresh.old, ...touched },
    change: (name, value) => (touch({ ...touched, [name]: value }), tell({ ...state, problem: null })),
    take: () => (touch({}), tell({ busy: false, problem: null, theirs: null })),
    save: () => fresh.tag && once(() => (tell({ busy: true, problem: null, theirs: null }), write(fresh, 1))),
  };
}

/** @param {{session: object, dosed: boolean, onDone: () => void, onClose: () => void}} props */
export function Home({ session, dosed, onDone, onClose }) {
  const { fresh, state, form, change, take, save } = useHome(session, onDone, onClose);
  const errors = state.problem instanceof Problem ? byField(state.problem) : {};
  const wrong = (name) => errors[name] ?? errors[`client_location/${name}`] ?? errors[`escort/${name}`] ?? errors[`attestations/${name}`];
  const input = (name, more) => html`<${Field} name=${name} value=${form[name]} wrong=${wrong(name)} change=${change} ...${more} />`;
  return html`<${Dialog} title=${t("At home on video")} onClose=${onClose} wide>
    <form class="touch home" onSubmit=${(event) => (event.preventDefault(), save())}>
      <div class="db">
        ${dosed && html`<p class="note"><${Icon} name="info" />${t("The dose was given on what was said here: that stays. Place, help and adult may change.")}</p>`}
        <h3>${t("The place, and help near it")}</h3>
        <div class="hm">${input("address")}${input("state", { most: 2 })}${input("emergency_department")}${input("ems_phone", { type: "tel" })}</div>
        <h3>${t("The adult with the client")}</h3>
        <div class="hm three">${input("name")}${input("phone", { type: "tel" })}${input("relationship")}</div>
        ${SAID.map((code) => html`<${Word} key=${code} code=${code} value=${form[code]} fixed=${dosed} change=${change} />`)}
        ${state.theirs && html`<${Theirs} theirs=${state.theirs} onTake=${take} />`}
        ${state.problem && !state.theirs && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
        ${fresh.problem && html`<p class="note high" role="alert">${words(fresh.problem)}</p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Cancel")}</button>
        <button class="b go" aria-disabled=${fresh.tag ? undefined : "true"}>${state.busy ? t("Saving…") : state.theirs ? t("Write mine over it") : t("Write it down")}</button>
      </div>
    </form>
  <//>`;
}

/** [[label, what the server holds now], …] of what was typed over and has changed on the server since. */
function changed(before, now, touched) {
  const names = [...PLACE, ...ADULT].filter((name) => name in touched && before[name] !== now[name] && now[name] !== touched[name]);
  return names.map((name) => [LABELS[name](), now[name]]);
}

/** Somebody wrote meanwhile: theirs beside what is typed, and two verbs. */
function Theirs({ theirs, onTake }) {
  const note = useRef(null);
  useEffect(() => note.current.scrollIntoView({ block: "nearest" }), [theirs]); // on a phone it lies under what is seen
  return html`<div class="note med" role="alert" ref=${note}>
    <div class="stack grow"><b>${t("Somebody changed this while you typed. It says now:")}</b>
      <dl class="dl">${theirs.map(([label, value]) => html`<dt>${label}</dt><dd>${value || "–"}</dd>`)}</dl></div>
    <button type="button" class="b" onClick=${onTake}>${t("Take theirs")}</button>
  </div>`;
}

function Field({ name, value, wrong, change, most, type = "text" }) {
  const about = wrong ? `${name}-wrong` : undefined;
  const typed = (event) => change(name, name === "state" ? event.target.value.toUpperCase() : event.target.value);
  return html`<div class=${wrong ? "f bad" : "f"}>
    <label for=${name}>${LABELS[name]()}</label>
    <input id=${name} type=${type} autocomplete="off" maxlength=${most ?? 300} value=${value} aria-describedby=${about} onInput=${typed} />
    ${wrong && html`<span class="err" id=${about} role="alert">${wrong}</span>`}
  </div>`;
}

function Word({ code, value, fixed, change }) {
  const choose = (next) => html`<button type="button" aria-pressed=${value === next} aria-disabled=${fixed ? "true" : undefined} onClick=${() => fixed || change(code, next)}>${next ? t("Yes") : t("No")}</button>`;
  return html`<div class="row"><span class="grow" id=${`w-${code}`}>${LABELS[code]()}</span>
    <span class="seg" role="group" aria-labelledby=${`w-${code}`}>${choose(true)}${choose(false)}</span></div>`;
}
