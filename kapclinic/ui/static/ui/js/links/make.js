// A link is made for one thing of the client's, and its address shown this once.
import { all, post } from "../core/api.js";
import { announce } from "../core/announce.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { has } from "../core/me.js";
import { byField, words } from "../core/problem.js";
import { dayIn, now } from "../core/time.js";
import { documentName, inForce, tongue } from "./documents.js";
import { SCALES, sessionName, when } from "./words.js";

const CLINICAL = ["nurse_practitioner", "therapist", "prescriber", "medical_director"];

/** What there is to ask of this client: purpose -> [[value, word, subject]]. The screening's draft is for clinicians. */
async function asked(program, zone) {
  const of = { program: program.id };
  const [texts, sessions, drafts] = await Promise.all([
    all("consent-documents/", {}),
    all("sessions/", { ...of, status: "scheduled" }),
    has(...CLINICAL) ? all("screenings/", { ...of, status: "draft" }) : [],
  ]);
  const documents = inForce(texts, dayIn(now(), zone));
  const ahead = sessions.filter((row) => Date.parse(row.starts_at) > now()).sort((a, b) => a.starts_at.localeCompare(b.starts_at));
  return {
    measure: Object.entries(SCALES).map(([key, name]) => [key, name, { ...of, instrument: key }]),
    consent: documents.flatMap(([key, rows]) => rows.map((row) => [`${key} ${row.language}`, rows.length > 1 || row.language !== "en" ? `${documentName(key)}, ${tongue(row.language)}` : documentName(key), row])),
    intake: drafts.slice(0, 1).map((row) => [row.id, t("The screening that is begun"), row.id]),
    confirm: ahead.map((row) => [row.id, sessionName(row, zone), row.id]),
  };
}

const PURPOSES = {
  measure: () => t("Fill in a scale"),
  consent: () => t("Read and sign a document"),
  intake: () => t("Answer the screening’s questions"),
  confirm: () => t("Confirm a session, and what is asked before a dose"),
};
const NONE = { intake: () => t("No screening is begun: a clinician begins it, and sends this link."), confirm: () => t("No session is booked.") };

/** The consent as it is put before the client: a draft that lies there already, of the same words, or a new one. */
async function draftOf(program, text) {
  const rows = await all("consents/", { program: program.id, document: text.document, status: "draft" });
  const same = rows.find((row) => row.content_hash === text.content_hash);
  return same ?? post("consents/", { program: program.id, document: text.document, language: text.language });
}

/** @param {{program: Api["ProgramOut"], zone: string, onMade: () => void, onClose: () => void}} props */
export function Make({ program, zone, onMade, onClose }) {
  const [there, know] = useState({ options: null, problem: null });
  const [form, set] = useState({ purpose: "measure", value: "phq9" });
  const [made, tell] = useState(null);
  const draft = useRef({ value: "", id: "" });
  const busy = useRef(false);
  const write = useWrite((row) => {
    tell(row);
    onMade();
  });
  useEffect(() => {
    asked(program, zone).then((options) => know({ options, problem: null }), (problem) => know({ options: null, problem }));
  }, []);
  const options = there.options?.[form.purpose] ?? [];
  const chosen = options.find(([value]) => value === form.value) ?? options[0];
  async function subjectOf() {
    if (form.purpose !== "consent") return chosen[2];
    if (draft.current.value !== chosen[0]) draft.current = { value: chosen[0], id: (await draftOf(program, chosen[2])).id };
    return draft.current.id;
  }
  async function send(event) {
    event.preventDefault();
    if (!chosen || busy.current) return;
    busy.current = true;
    try {
      await write.write("client-links/", { client: program.client, purpose: form.purpose, subject: await subjectOf() });
    } catch (problem) {
      write.fail(problem);
    }
    busy.current = false;
  }
  if (made) return html`<${Made} row=${made} zone=${zone} onClose=${onClose} />`;
  const faults = Object.values(write.problem?.errors?.length ? byField(write.problem) : {});
  return html`<${Dialog} title=${t("Make a link")} onClose=${onClose}><form noValidate onSubmit=${send}><div class="db">
      ${there.problem && html`<p class="note high" role="alert">${words(there.problem)}</p>`}
      <div class="f"><label for="link-purpose">${t("What is the client to do?")}</label><select id="link-purpose" value=${form.purpose} onChange=${(event) => set({ purpose: event.target.value, value: "" })}>${Object.entries(PURPOSES).map(([key, say]) => html`<option key=${key} value=${key}>${say()}</option>`)}</select></div>
      ${options.length > 0 && html`<div class="f"><label for="link-subject">${t("Which one?")}</label><select id="link-subject" value=${chosen[0]} onChange=${(event) => set({ ...form, value: event.target.value })}>${options.map(([value, word]) => html`<option key=${value} value=${value}>${word}</option>`)}</select></div>`}
      ${there.options && !options.length && html`<p class="note"><${Icon} name="info" /><span>${NONE[form.purpose]?.()}</span></p>`}
      <p class="small quiet">${t("The link works once. It asks for the date of birth before it names anybody.")}</p>
      ${write.problem && html`<div class="note high" role="alert"><${Icon} name="warn" /><div><p>${words(write.problem)}</p>${faults.map((one) => html`<p key=${one}>${one}</p>`)}</div></div>`}
    </div><div class="df"><button class="b go" aria-disabled=${write.busy || !chosen ? "true" : undefined}>${write.busy ? t("Sending") : t("Make the link")}</button></div></form>
  <//>`;
}

/** Its address, once: whoever closes this can only make another. */
function Made({ row, zone, onClose }) {
  const [copied, tell] = useState(false);
  const field = useRef(null);
  useEffect(() => field.current?.select(), []);
  async function copy() {
    field.current.select();
    try {
      await navigator.clipboard.writeText(row.url);
    } catch {
      if (!document.execCommand("copy")) return; // without HTTPS there is no clipboard: it is chosen, for Ctrl C
    }
    tell(true);
    announce(t("The address is copied."));
  }
  return html`<${Dialog} title=${t("The link is made")} stays onClose=${onClose}><div class="db">
      ${row.url
        ? html`<div class="f"><label for="link-url">${t("Its address, shown this once")}</label><input id="link-url" ref=${field} readonly value=${row.url} /></div>
          <p><button type="button" class="b" onClick=${copy}><${Icon} name=${copied ? "ok" : "doc"} />${copied ? t("Copied") : t("Copy the address")}</button></p>
          <p>${t("Send it to the client and nobody else. It works once, until {time}.", { time: when(row.expires_at, zone) })}</p>`
        : html`<p class="note med"><${Icon} name="warn" /><span>${t("It was made, and its address got lost on the way. Take this link back, and make another.")}</span></p>`}
    </div><div class="df"><button type="button" class="b go" onClick=${onClose}>${row.url ? t("I have it") : t("Close")}</button></div>
  <//>`;
}
