// A newer text, typed beside the old one: from its first day on what was signed in this language before is signed anew.
import { Icon, html, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { byField } from "../core/problem.js";
import { date } from "../core/time.js";
import { forget, useKept } from "../care/loaded.js";
import { Field, Refusal, Where, Words } from "../care/parts.js";
import { documentName, tongue } from "../links/documents.js";
import { Text } from "../sign/text.js";
import { nextVersion } from "./known.js";

const TREATMENT = "kap_treatment"; // whose signature a gate of the dose asks for
const SHORTEST = 100; // letters, as the API has it
const LONGEST = 40000;

/** What is wrong before anything is sent: field -> sentence. */
function faultsOf(form) {
  const faults = {};
  if (!/^[0-9A-Za-z][0-9A-Za-z.-]{0,9}$/.test(form.version)) faults.version = t("Type letters, digits, dots or dashes, ten at most.");
  if (!form.effective_on) faults.effective_on = t("Choose its first day.");
  if (form.text.trim().length < SHORTEST) faults.text = t("Write the whole text: it has at least {n} letters.", { n: SHORTEST });
  if (form.text.length > LONGEST) faults.text = t("Shorten it: a text has {n} letters at most.", { n: LONGEST });
  return faults;
}

/** @param {{row: any, rows: any[], today: string, onDone: (row: any) => void, onClose: () => void}} props */
export function Write({ row, rows, today, onDone, onClose }) {
  const old = row.coming ?? row.now ?? rows.find((one) => one.document === row.document && one.now)?.now;
  const mine = old?.language === row.language;
  const first = { version: nextVersion(row), effective_on: "", text: mine ? old.text : "" };
  const [form, change] = useKept(row.id, first);
  const [faults, tell] = useState({});
  const [seen, see] = useState(false);
  const box = useRef(null);
  const write = useWrite((made) => {
    forget(row.id);
    onDone(made);
  });
  const wrong = write.problem?.errors?.length ? byField(write.problem) : faults;
  function send(event) {
    event.preventDefault();
    const found = faultsOf(form);
    tell(found);
    if (Object.keys(found).length) {
      see(false);
      setTimeout(() => box.current?.querySelector("[aria-invalid=true]")?.focus(), 50);
      return;
    }
    write.write("consent-documents/", { document: row.document, language: row.language, ...form });
  }
  function drop() {
    forget(row.id);
    onClose();
  }
  const dirty = JSON.stringify(form) !== JSON.stringify(first);
  const set = (name) => (value) => write.busy || (write.clear(), change({ [name]: value })); // what is on its way stays as it was sent
  return html`<form class="wo" ref=${box} noValidate aria-labelledby="object" onSubmit=${send}>
    <header class="row"><h1 class="grow" id="object">${t("A newer text: {document}", { document: documentName(row.document) })}</h1><span class="chip">${tongue(row.language)}</span></header>
    <div class="wb stack">
      <div class="tx-f"><${Field} id="tx-new" label=${t("Version")} maxlength="10" value=${form.version} set=${set("version")} wrong=${wrong.version} /><${Field} id="tx-from" type="date" min=${today} label=${t("Its first day")} value=${form.effective_on} set=${set("effective_on")} wrong=${wrong.effective_on} /></div>
      <div class="note med"><${Icon} name="info" /><div><p>${consequence(row, form)} ${row.document === TREATMENT && row.texts.length > 0 && t("Their next dose waits for it.")}</p>${row.texts.length > 0 && html`<p>${concerned(row)}</p>`}<p>${t("A text is never changed or taken away once it is on the server: a newer one follows it.")}</p></div></div>
      <div class="tx-2">
        <section class="stack" aria-labelledby="tx-old"><h2 id="tx-old">${old ? t("Version {version}, {language}", { version: old.version, language: tongue(old.language) }) : t("There is no older text")}</h2>
          ${old && html`<article class="paper" lang=${old.language} tabindex="0" aria-labelledby="tx-old"><${Text} text=${old.text} /></article>`}</section>
        <section class="stack"><div class="row wrap"><h2 class="grow">${t("The newer one")}</h2><div class="seg" role="group" aria-label=${t("How it is shown")}><button type="button" aria-pressed=${!seen} onClick=${() => see(false)}>${t("As it is written")}</button><button type="button" aria-pressed=${seen} onClick=${() => see(true)}>${t("As it is read")}</button></div></div>
          ${seen ? html`<article class="paper" lang=${row.language} tabindex="0" aria-label=${t("The newer one")}><${Text} text=${form.text} /></article>` : html`<${Words} id="tx-text" rows=${24} label=${t("Its words")} value=${form.text} set=${set("text")} wrong=${wrong.text} hint=${t("An empty line ends a paragraph. A line that begins with # is a heading, with > a note, with - a point of a list.")} />`}</section>
      </div>
      <${Refusal} problem=${write.problem} />
    </div>
    <footer class="row wrap"><button class="b go" aria-disabled=${write.busy ? "true" : undefined}><${Icon} name="doc" />${write.busy ? t("Saving…") : t("Put this text on the server")}</button><button type="button" class="b" onClick=${onClose}>${t("Leave it for later")}</button>${dirty && html`<button type="button" class="b bare" onClick=${drop}>${t("Throw it away")}</button>`}<${Where} write=${write} dirty=${dirty} /></footer>
  </form>`;
}

/** What the newer text asks for; a signature in another language stands. */
function consequence(row, form) {
  if (!row.texts.length) return t("From that day on clients can sign this document in {language}. Nothing that was signed before is asked for anew.", { language: tongue(row.language) });
  return t("From {date} on a new signature is asked for from everybody who signed this document in {language} before. What was signed in another language stands.", { date: form.effective_on ? date(form.effective_on) : "…", language: tongue(row.language) });
}

/** How many signatures it ends, of those that stand today: on the newest text of the language or on an older one. */
function concerned(row) {
  const [newest] = row.texts;
  return many(newest.signed + newest.standing, "Today it concerns {n} client in a course.", "Today it concerns {n} clients in a course.");
}
