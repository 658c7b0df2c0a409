// A serious or severe adverse event: the medical director's conclusion, and whether the next dose is held.
import { get } from "../core/api.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { useKept } from "../care/loaded.js";
import { Form, Refusal, Send, Where, Words, toFault, tooShort } from "../care/parts.js";
import { Who, when } from "../care/who.js";
import { termName } from "../record/terms.js";

export function loadEvent(row) {
  return get(`sessions/${row.session}/adverse-events/${row.subject.id}/`);
}

export function Event({ row, about, subject, onDone }) {
  const event = /** @type {Api["AdverseEventOut"]} */ (subject);
  const [form, set] = useKept(row.subject.id, { why: "", free: false });
  const [tried, tell] = useState(false);
  const write = useWrite(() => onDone(t("The adverse event is reviewed.")));
  function send() {
    tell(true);
    if (tooShort(form.why)) return toFault();
    return write.write(`sessions/${event.session}/adverse-events/${event.id}/review/`, { conclusion: form.why.trim(), hold_released: form.free });
  }
  return html`<section class="de">
    <${Who} about=${about} />
    <${Form} label=${t("Review")} onSend=${send}>
      <div class="de-b pad">
        <h2 class="h1">${event.term_text || termName(event.term)}, ${t("grade {n}", { n: event.grade })}${event.serious && `, ${t("serious")}`}</h2>
        <dl class="dl"><dt>${t("Began")}</dt><dd>${when(event.onset_at, about.zone)}</dd>
          <dt>${t("Treatment")}</dt><dd>${event.treatment || t("none")}</dd>
          <dt>${t("Outcome")}</dt><dd>${event.outcome.replaceAll("_", " ")}</dd>
          <dt>${t("Note")}</dt><dd>${event.note || t("none")}</dd></dl>
        <p><a href=${`/bedside/sessions/${event.session}`}>${t("Open the session")}</a></p>
        <label class="opt"><input type="checkbox" checked=${form.free} onChange=${(change) => set({ free: change.target.checked })} />${t("The next dose is not held by it any more")}</label>
      </div>
      <footer class="dc"><${Refusal} problem=${write.problem} />
        <${Words} id="why" label=${t("Conclusion")} value=${form.why} set=${(why) => set({ why })} wrong=${tried && tooShort(form.why) ? t("Say why.") : ""} />
        <div class="end"><${Where} write=${write} dirty=${form.why} /><${Send} busy=${write.busy} word=${t("Write the review")} /></div>
      </footer>
    <//>
  </section>`;
}
