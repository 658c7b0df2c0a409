// A row is settled by a word: what was done is written down with it.
import { announce } from "../../core/announce.js";
import { Dialog } from "../../core/dialog.js";
import { Icon, html, useState } from "../../core/h.js";
import { t, told } from "../../core/i18n.js";
import { words } from "../../core/problem.js";
import { useWrite } from "../../core/intent.js";

/**
 * @param {{task: object, title?: string, phone?: string, choices?: [string, string][], onDone: () => void, onClose: () => void}} props
 *   `choices`: [what is written down, what is said], of which one is chosen; else it is said in free words
 */
export function Done({ task, title, phone, choices, onDone, onClose }) {
  const [[choice, text], set] = useState([choices?.[0][0] ?? "", ""]);
  const saving = useWrite(() => {
    announce(t("Settled: {what}", { what: told(task.label) }));
    onDone();
  });
  function save(event) {
    event.preventDefault();
    const outcome = [choice, text.trim()].filter(Boolean).join(": ");
    saving.write(`tasks/${task.id}/done/`, { outcome });
  }
  return html`<${Dialog} title=${title ?? t("What was done?")} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        <p>${task.client_name && html`<b>${task.client_name}</b> `}<span class="quiet">${task.client_mrn}</span></p>
        <p>${told(task.label)}</p>
        ${phone && html`<p><a class="b" href=${`tel:${phone}`}><${Icon} name="phone" />${phone}</a></p>`}
        ${choices &&
        html`<fieldset><legend>${t("What was said?")}</legend>
          ${choices.map(([value, said]) => html`<label class="opt" key=${value}><input type="radio" name="choice" checked=${choice === value} onChange=${() => set([value, text])} />${said}</label>`)}</fieldset>`}
        <div class="f"><label for="outcome">${choices ? t("In your own words, if there is more") : t("In a few words")}</label>
          <input id="outcome" autocomplete="off" required=${!choices} maxlength="900" value=${text} onInput=${(event) => set([choice, event.target.value])} /></div>
        ${saving.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(saving.problem)}</span></p>`}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not yet")}</button>
        <button class="b go" disabled=${saving.busy || undefined}>${saving.busy ? t("Saving…") : t("It is done")}</button>
      </div>
    </form>
  <//>`;
}
