// The allergies of a client: what they react to, or that they were asked and know of none.
import { call, newKey } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { byField, words } from "../core/problem.js";

const HOW = () => [["", t("not said")], ["mild", t("mild")], ["moderate", t("moderate")], ["severe", t("severe")], ["life_threatening", t("life-threatening")]];

/** @param {{client: string, allergies: object, onDone: () => void, onClose: () => void}} props */
export function Allergies({ client, allergies, onDone, onClose }) {
  const [form, set] = useState({ substance: "", reaction: "", severity: "" });
  const [state, tell] = useState({ busy: false, problem: null });
  const path = `clients/${client}/allergies/`;
  async function send(where, body) {
    tell({ busy: true, problem: null });
    try {
      await call("POST", where, { body, key: newKey() });
      onDone();
    } catch (problem) {
      tell({ busy: false, problem });
    }
  }
  const add = (event) => {
    event.preventDefault();
    const { severity, ...rest } = form;
    send(path, { ...rest, ...(severity ? { severity } : {}) });
  };
  const errors = state.problem ? byField(state.problem) : {};
  const field = (name, label) => html`<div class=${errors[name] ? "f bad" : "f"}><label for=${name}>${label}</label>
    <input id=${name} autocomplete="off" required=${name === "substance"} value=${form[name]} onInput=${(event) => set({ ...form, [name]: event.target.value })} />
    ${errors[name] && html`<span class="err">${errors[name]}</span>`}</div>`;
  return html`<${Dialog} title=${t("Allergies")} onClose=${onClose}>
    <form class="touch" onSubmit=${add}>
      <div class="db">
        ${allergies.state === "none_recorded" && html`<p class="note med"><${Icon} name="warn" />${t("Nobody has written down whether there are any. Ask.")}</p>`}
        ${allergies.state === "none_known" && html`<p class="note"><${Icon} name="ok" />${t("The client was asked, and knows of none.")}</p>`}
        <ul class="stack">${allergies.results.map((row) => html`<li key=${row.id}><b>${row.substance}</b> ${row.reaction} ${row.severity && html`<span class="chip high-soft">${HOW().find(([code]) => code === row.severity)?.[1] ?? row.severity}</span>`}</li>`)}</ul>
        <h3>${t("One more")}</h3>
        ${field("substance", t("To what?"))} ${field("reaction", t("What happens?"))}
        <div class="f"><label for="how">${t("How bad?")}</label><select id="how" value=${form.severity} onChange=${(event) => set({ ...form, severity: event.target.value })}>${HOW().map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></div>
        ${state.problem && html`<p class="note high" role="alert">${words(state.problem)}</p>`}
      </div>
      <div class="df">
        ${allergies.state === "none_recorded" && html`<button type="button" class="b" onClick=${() => send(`${path}none-known/`, {})}>${t("Asked: none known")}</button>`}
        <button class="b go" disabled=${state.busy || undefined}>${state.busy ? t("Saving…") : t("Write it down")}</button>
      </div>
    </form>
  <//>`;
}
