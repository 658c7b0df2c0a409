// Something bad happened: what, how grave, what was done. It goes through the outbox, since it happens when it happens.
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { now } from "../core/time.js";
import { useOnce } from "../core/intent.js";
import { put } from "../outbox/outbox.js";
import { TERMS } from "../record/terms.js";

const CAUSES = () => [["possible", t("possible")], ["probable", t("probable")], ["definite", t("certain")], ["unlikely", t("unlikely")], ["unrelated", t("unrelated")]];
const ACTIONS = () => [["none", t("nothing changed")], ["paused", t("dosing paused")], ["reduced", t("less was given")], ["stopped", t("dosing stopped")], ["ems", t("ambulance called")], ["ed", t("sent to the emergency department")]];
const OUTCOMES = () => [["recovered", t("over")], ["recovering", t("getting better")], ["not recovered", t("not better yet")], ["fatal", t("death")]];
const GRADES = () => [[1, t("1 mild")], [2, t("2 moderate")], [3, t("3 severe")], [4, t("4 life-threatening")], [5, t("5 death")]];
const SERIOUS = () => [
  ["life_threatening", t("Life-threatening")],
  ["hospitalization", t("Hospital")],
  ["disability", t("Disability")],
  ["important_medical_event", t("Other important event")],
  ["death", t("Death")],
];

export function termName(term) {
  return TERMS().find(([code]) => code === term)?.[1] ?? term;
}

/** @param {{session: string, onDone: () => void, onClose: () => void}} props */
export function Event({ session, onDone, onClose }) {
  const [form, set] = useState({ term: "", text: "", grade: 1, why: "", cause: "possible", did: "none", treatment: "", outcome: "recovering" });
  const change = (name) => (event) => set({ ...form, [name]: event.target.value });
  const once = useOnce();
  async function save(event) {
    event.preventDefault();
    const body = {
      term: form.term,
      grade: Number(form.grade),
      serious: !!form.why,
      onset_at: new Date(now()).toISOString(),
      causality: form.cause,
      action: form.did,
      outcome: form.outcome,
      ...(form.text.trim() ? { term_text: form.text.trim() } : {}),
      ...(form.why ? { seriousness: [form.why] } : {}),
      ...(form.treatment.trim() ? { treatment: form.treatment.trim() } : {}),
    };
    await once(async () => {
      await put({ path: `sessions/${session}/adverse-events/`, body, session, what: "event" });
      onDone();
    });
  }
  const select = (name, label, rows) => html`<div class="f"><label for=${name}>${label}</label><select id=${name} required=${name === "term"} value=${form[name]} onChange=${change(name)}>${rows.map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}</select></div>`;
  return html`<${Dialog} title=${t("Adverse event")} onClose=${onClose}>
    <form class="touch" onSubmit=${save}>
      <div class="db">
        ${select("term", t("What happened?"), [["", t("Choose")], ...TERMS()])}
        <div class="f"><label for="text">${t("In your words")}</label><input id="text" autocomplete="off" required=${form.term === "other"} value=${form.text} onInput=${change("text")} /></div>
        ${select("grade", t("How grave (CTCAE)?"), GRADES())}
        ${select("why", t("Serious, because"), [["", t("not serious")], ...SERIOUS()])}
        ${select("cause", t("Because of the drug"), CAUSES())}
        ${select("did", t("What was done about dosing?"), ACTIONS())}
        <div class="f"><label for="treatment">${t("How was it treated?")}</label><input id="treatment" autocomplete="off" value=${form.treatment} onInput=${change("treatment")} /></div>
        ${select("outcome", t("How is it now?"), OUTCOMES())}
      </div>
      <div class="df"><button type="button" class="b" onClick=${onClose}>${t("Cancel")}</button><button class="b go">${t("Save event")}</button></div>
    </form>
  <//>`;
}
