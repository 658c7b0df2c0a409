// The small editor of one's own phrases. Nothing of a client belongs in them.
import { announce } from "../core/announce.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { byField, words } from "../core/problem.js";

/** @param {{phrases: any, onClose: () => void}} props */
export function Phrases({ phrases, onClose }) {
  const [editing, edit] = useState(null); // a phrase, {} for a new one
  const done = () => (edit(null), phrases.again());
  return html`<${Dialog} title=${t("My phrases")} onClose=${onClose} wide>
    ${editing ? html`<${Editing} phrase=${editing} onDone=${done} onClose=${() => edit(null)} />` : html`<div class="db">
      <p class="small quiet">${t("Type / in a note to bring one in. They are yours alone; nothing of a client belongs in them.")}</p>
      ${phrases.problem && html`<p class="note high" role="alert">${words(phrases.problem)}</p>`}
      ${!phrases.rows.length && !phrases.problem && html`<p class="quiet">${t("You have no phrases yet.")}</p>`}
      <ul class="phl">${phrases.rows.map((row) => html`<li key=${row.id}><span class="grow"><b>${row.name}</b><br /><span class="small quiet">${row.text}</span></span>
        <button type="button" class="b s" onClick=${() => edit(row)}>${t("Change")}<span class="vh"> ${row.name}</span></button></li>`)}</ul>
    </div>
    <div class="df"><button type="button" class="b" onClick=${onClose}>${t("Back to the note")}</button><button type="button" class="b go" onClick=${() => edit({})}><${Icon} name="plus" />${t("New phrase")}</button></div>`}
  <//>`;
}

/** One phrase; a change goes on the version that was read. */
function Editing({ phrase, onDone, onClose }) {
  const [form, fill] = useState({ name: phrase.name ?? "", text: phrase.text ?? "" });
  const writing = useWrite(() => (announce(t("All of it is on the server.")), onDone()));
  const going = useWrite(onDone);
  const wrong = writing.problem?.errors ? byField(writing.problem) : {};
  async function save(event) {
    event.preventDefault();
    if (!phrase.id) return writing.write("phrases/", form);
    return writing.write(`phrases/${phrase.id}/`, form, { method: "PATCH", match: `"${phrase.version}"` });
  }
  const drop = () => going.write(`phrases/${phrase.id}/`, undefined, { method: "DELETE" });
  const field = (name, label, input) => html`<div class=${wrong[name] ? "f bad" : "f"}><label for=${`phrase-${name}`}>${label}</label>${input}${wrong[name] && html`<span class="err">${wrong[name]}</span>`}</div>`;
  const write = (name) => (event) => fill({ ...form, [name]: event.target.value });
  return html`<form onSubmit=${save}><div class="db">
      ${field("name", t("Name, as you type it after /"), html`<input id="phrase-name" required maxlength="60" autocomplete="off" value=${form.name} onInput=${write("name")} />`)}
      ${field("text", t("What it brings in"), html`<textarea id="phrase-text" required maxlength="4000" rows="5" value=${form.text} onInput=${write("text")}></textarea>`)}
      ${(writing.problem ?? going.problem) && html`<p class="note high" role="alert">${words(writing.problem ?? going.problem)}</p>`}
    </div>
    <div class="df">${phrase.id && html`<button type="button" class="b" disabled=${going.busy || undefined} onClick=${drop}>${t("Take it out of use")}</button>`}
      <span class="grow"></span><button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
      <button class="b go" disabled=${writing.busy || undefined}>${writing.busy ? t("Saving…") : t("Keep it")}</button></div></form>`;
}
