// Small dialogs of the desk: a reason for what is cancelled or taken back, and who takes the client home.
import { call, newKey } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useMemo, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { byField, words } from "../core/problem.js";
import { now } from "../core/time.js";
import { refusal, startOf } from "./said.js";
import { sessionName } from "./words.js";

const KINDS = {
  withdraw: { title: () => t("Take off the waitlist"), base: "waitlist", path: "withdraw", verb: () => t("Take off the waitlist"), keep: () => t("Keep it") },
  cancel: { title: () => t("Cancel this session"), path: "cancel", verb: () => t("Cancel the session"), keep: () => t("Keep it") },
  no_show: { title: () => t("The client did not come"), path: "no-show", verb: () => t("Write down the no-show"), keep: () => t("Not yet") },
  undo: { title: () => t("Take it back"), path: "undo", verb: () => t("Take it back"), keep: () => t("Leave it") },
};

export function Reason({ kind, row, move, zone, onDone, onClose }) {
  const { title, base = "sessions", path, verb, keep } = KINDS[kind];
  const [reason, setReason] = useState("");
  const [state, set] = useState({ busy: false, problem: null });
  const key = useMemo(newKey, []);
  async function save(event) {
    event.preventDefault();
    set({ busy: true, problem: null });
    try {
      await call("POST", `${base}/${row.id}/${path}/`, { body: { reason: reason.trim(), ...(move ? { move } : {}) }, key });
      onDone();
    } catch (problem) {
      set({ busy: false, problem });
    }
  }
  return html`<${Dialog} title=${title()} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        <p><b>${row.client_name}</b>${row.starts_at && zone && ` · ${sessionName(row)} · ${startOf(row, zone)}`}</p>
        <div class="f"><label for="reason">${t("Why?")}</label><input id="reason" required autocomplete="off" value=${reason} onInput=${(event) => setReason(event.target.value)} /></div>
        ${state.problem && html`<p class="note high" role="alert">${refusal(state.problem, zone)}</p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${keep()}</button>
        <button class="b go" disabled=${state.busy || undefined}>${state.busy ? t("Saving…") : verb()}</button>
      </div>
    </form>
  <//>`;
}

const FIELDS = () => [["name", t("Name"), "text"], ["phone", t("Phone"), "tel"], ["relationship", t("Who they are to the client"), "text"]];

export function Ride({ row, onDone, onClose }) {
  const [state, set] = useState({ busy: false, problem: null });
  async function save(event) {
    event.preventDefault();
    const escort = Object.fromEntries(new FormData(event.target));
    set({ busy: true, problem: null });
    try {
      const fresh = await call("GET", `sessions/${row.id}/`);
      await call("PATCH", `sessions/${row.id}/`, { body: { escort }, match: fresh.tag });
      onDone();
    } catch (problem) {
      set({ busy: false, problem });
    }
  }
  const errors = state.problem ? byField(state.problem) : {};
  return html`<${Dialog} title=${t("Who takes the client home?")} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        <p><b>${row.client_name}</b></p>
        ${FIELDS().map(([name, label, type]) => html`<div class=${errors[`escort/${name}`] ? "f bad" : "f"} key=${name}>
          <label for=${`ride-${name}`}>${label}</label><input id=${`ride-${name}`} name=${name} type=${type} required=${name !== "relationship"} autocomplete="off" defaultValue=${row.escort?.[name] ?? ""} />
          ${errors[`escort/${name}`] && html`<span class="err">${errors[`escort/${name}`]}</span>`}
        </div>`)}
        ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" disabled=${state.busy || undefined}>${state.busy ? t("Saving…") : t("Save ride")}</button>
      </div>
    </form>
  <//>`;
}

/** The client answered by phone: they come. `plain`: it is not an integration that is asked about. */
export function CallClient({ row, plain, onDone, onClose }) {
  const [state, set] = useState({ busy: false, problem: null, phone: "" });
  const booked = row.integration_session;
  useMemo(() => {
    call("GET", `clients/${row.client}/`).then(({ data }) => set((old) => ({ ...old, phone: data.phone })), () => {});
  }, [row.client]);
  async function save() {
    set({ ...state, busy: true, problem: null });
    try {
      const fresh = await call("GET", `sessions/${booked.id}/`);
      await call("PATCH", `sessions/${booked.id}/`, { body: { client_confirmed_at: new Date(now()).toISOString() }, match: fresh.tag });
      onDone();
    } catch (problem) {
      set({ ...state, busy: false, problem });
    }
  }
  return html`<${Dialog} title=${t("Call {name}", { name: row.client_name })} onClose=${onClose}>
    <div class="db">
      ${state.phone && html`<a class="b" href=${`tel:${state.phone}`}>${state.phone}</a>`}
      <p>${plain ? t("Say when the session is, and ask whether it suits.") : t("Say when the integration is, and ask whether it suits.")}</p>
      ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
    </div>
    <div class="df">
      <button type="button" class="b" onClick=${onClose}>${t("Not reached")}</button>
      <button type="button" class="b go" disabled=${state.busy || undefined} onClick=${save}>${state.busy ? t("Saving…") : t("Confirmed by client")}</button>
    </div>
  <//>`;
}
