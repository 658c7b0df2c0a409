// What a client answered by a link, before it becomes the record's: a clinician reads it, and takes it over in their own name.
import { all } from "../core/api.js";
import { announce } from "../core/announce.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t, told } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { words } from "../core/problem.js";
import { answersOf, when } from "./words.js";

/** @param {{row: Api["LinkOut"], title: string, zone: string, onDone: () => void, onClose: () => void}} props */
export function Taken({ row, title, zone, onDone, onClose }) {
  const [labels, set] = useState(new Map());
  const write = useWrite(() => {
    announce(t("The answers are taken over."));
    onDone();
  });
  useEffect(() => {
    if (row.purpose === "intake") all("screenings/conditions/", {}).then((rows) => set(new Map(rows.map((one) => [one.code, told(one.label)]))), () => {});
  }, []);
  const intake = row.purpose === "intake";
  return html`<${Dialog} wide title=${title} onClose=${onClose}><div class="db">
      <p class="small quiet">${t("Answered {time} by the client.", { time: when(row.answer.at, zone) })}</p>
      <div class="scr told" tabindex="0" role="region" aria-label=${t("Answers")}><dl class="dl">${answersOf(row, labels).map(([question, answer]) => html`<dt key=${question}>${question}</dt><dd>${answer}</dd>`)}</dl></div>
      <p>${intake ? t("They go into the draft of the screening. What a clinician wrote there already stays; a no that the client answers with yes is open again.") : t("Ride and medicines go into the session and the client’s list. Fasting is asked again on the day.")}</p>
      ${write.problem && html`<p class="note high" role="alert"><${Icon} name="warn" /><span>${words(write.problem)}</span></p>`}
    </div><div class="df"><button type="button" class="b" onClick=${onClose}>${t("Leave it for now")}</button><button type="button" class="b go" aria-disabled=${write.busy ? "true" : undefined} onClick=${() => write.write(`client-links/${row.id}/take-over/`, {})}>${write.busy ? t("Sending") : t("Take over")}</button></div>
  <//>`;
}
