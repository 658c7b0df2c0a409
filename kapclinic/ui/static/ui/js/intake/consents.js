// Consents: which are signed, and one put before the client to be read and signed on this tablet, in the clinic's words.
import { all } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { lazy } from "../core/lazy.js";
import { words } from "../core/problem.js";
import { day, dayIn, now } from "../core/time.js";
import { useLoaded } from "../care/loaded.js";
import { Refusal, Words, toFault, tooShort } from "../care/parts.js";
import { documentName, inForce, signedFor, tongue } from "../links/documents.js";

const Sign = lazy(() => import("../sign/sign.js"), "Sign", { early: true });
const STATES = { draft: () => t("not signed"), signed: () => t("signed"), revoked: () => t("taken back") };

export function Consents({ about, onAbout }) {
  const loaded = useLoaded(`consents ${about.program.id}`, async () => {
    const [rows, texts] = await Promise.all([all("consents/", { program: about.program.id }), all("consent-documents/", {})]);
    return { rows, documents: inForce(texts, dayIn(now(), about.zone)) };
  });
  const [signing, sign] = useState(null);
  const [revoking, revoke] = useState(null);
  const write = useWrite((row) => sign(row));
  const again = () => (loaded.again(), onAbout());
  if (!loaded.data) return loaded.problem ? html`<p class="note high" role="alert">${words(loaded.problem)}</p>` : null;
  const { rows, documents } = loaded.data;
  const put = (text) => write.write("consents/", { program: about.program.id, document: text.document, language: text.language });
  return html`<div class="stack narrow"><h2 class="h1">${t("Consents")}</h2>
    <${Refusal} problem=${write.problem} />
    <ul class="lines touch">${documents.map(([key, texts]) => html`<${Document} key=${key} name=${documentName(key)} texts=${texts} rows=${rows.filter((row) => row.document === key)} zone=${about.zone} busy=${write.busy} put=${put} revoke=${revoke} />`)}</ul>
    ${signing && html`<${Sign} consent=${signing} title=${documentName(signing.document)} name=${about.banner.name} onDone=${() => (sign(null), again())} onClose=${() => sign(null)} />`}
    ${revoking && html`<${Revoking} row=${revoking} onDone=${() => (revoke(null), again())} onClose=${() => revoke(null)} />`}
  </div>`;
}

/** One document: how it stands, and a button for each language in which the clinic has it. */
function Document({ name, texts, rows, zone, busy, put, revoke }) {
  const stands = rows.find((row) => row.status === "signed");
  const last = stands ?? rows.find((row) => row.status === "revoked");
  const old = stands && !texts.some((text) => text.content_hash === stands.content_hash);
  const verb = stands ? t("Sign anew") : t("Read and sign");
  return html`<li><div class="grow"><b>${name}</b><br /><span class="small quiet">${last ? t("{state} {day}, version {version}, {name}", { state: STATES[last.status](), day: day(last.revoked_at ?? last.signed_at, zone), version: last.document_version, name: last.signer_name }) : t("not signed")}${stands && signedFor(stands.signer_relationship) && `, ${signedFor(stands.signer_relationship)}`}</span>
      ${old && html`<br /><span class="chip med"><${Icon} name="warn" />${t("A newer text is in force: it is signed anew.")}</span>`}</div>
    ${stands?.allowed_moves.includes("revoke") && html`<button type="button" class="b s" onClick=${() => revoke(stands)}>${t("Take back")}<span class="vh">: ${name}</span></button>`}
    ${texts.map((text) => html`<button key=${text.language} type="button" class="b" aria-disabled=${busy ? "true" : undefined} onClick=${() => put(text)}>${verb}${texts.length > 1 && html` <span lang=${text.language}>${tongue(text.language)}</span>`}<span class="vh">: ${name}</span></button>`)}</li>`;
}

function Revoking({ row, onDone, onClose }) {
  const [why, set] = useState("");
  const [tried, tell] = useState(false);
  const write = useWrite(onDone);
  function send(event) {
    event.preventDefault();
    tell(true);
    if (tooShort(why)) return toFault();
    return write.write(`consents/${row.id}/revoke/`, { reason: why.trim() });
  }
  return html`<${Dialog} title=${t("The client takes the consent back")} onClose=${onClose}>
    <form noValidate onSubmit=${send}><div class="db"><p>${documentName(row.document)}</p>
      <${Words} id="revoke-why" label=${t("What did the client say?")} value=${why} set=${set} wrong=${tried && tooShort(why) ? t("Say why.") : ""} /><${Refusal} problem=${write.problem} /></div>
      <div class="df"><button class="b go" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Sending") : t("Take back")}</button></div></form>
  <//>`;
}
