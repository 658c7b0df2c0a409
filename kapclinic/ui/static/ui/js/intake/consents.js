// Consents: which are signed, and one put before the client to be read and signed on this tablet.
import { all } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { lazy } from "../core/lazy.js";
import { words } from "../core/problem.js";
import { day } from "../core/time.js";
import { useLoaded } from "../care/loaded.js";
import { Refusal, Words, toFault, tooShort } from "../care/parts.js";

const Sign = lazy(() => import("../sign/sign.js"), "Sign", { early: true });
const DOCUMENTS = {
  kap_treatment: () => t("Ketamine-assisted treatment"),
  privacy: () => t("Privacy practices"),
  telehealth: () => t("Sessions by video"),
  financial: () => t("What it costs"),
  release: () => t("Release of information"),
  spravato_rems: () => t("Spravato REMS"),
};
const STATES = { draft: () => t("not signed"), signed: () => t("signed"), revoked: () => t("taken back") };

export function documentName(key) {
  return DOCUMENTS[key]?.() ?? key;
}

export function Consents({ about, onAbout }) {
  const loaded = useLoaded(`consents ${about.program.id}`, () => all("consents/", { program: about.program.id }));
  const [signing, sign] = useState(null);
  const [revoking, revoke] = useState(null);
  const write = useWrite((row) => sign(row));
  const rows = /** @type {Api["ConsentOut"][]} */ (loaded.data ?? []);
  const again = () => (loaded.again(), onAbout());
  if (!loaded.data) return loaded.problem ? html`<p class="note high" role="alert">${words(loaded.problem)}</p>` : null;
  return html`<div class="stack narrow"><h2 class="h1">${t("Consents")}</h2>
    <${Refusal} problem=${write.problem} />
    <ul class="lines touch">${Object.entries(DOCUMENTS).map(([key, say]) => {
      const mine = rows.filter((row) => row.document === key);
      const stands = mine.find((row) => row.status === "signed");
      const last = stands ?? mine.find((row) => row.status === "revoked");
      return html`<li key=${key}><div class="grow"><b>${say()}</b><br /><span class="small quiet">${last ? t("{state} {day}, version {version}, {name}", { state: STATES[last.status](), day: day(last.revoked_at ?? last.signed_at, about.zone), version: last.document_version, name: last.signer_name }) : t("not signed")}</span></div>
        ${stands?.allowed_moves.includes("revoke") && html`<button type="button" class="b s" onClick=${() => revoke(stands)}>${t("Take back")}<span class="vh">: ${say()}</span></button>`}
        <button type="button" class="b" aria-disabled=${write.busy ? "true" : undefined} onClick=${() => write.write("consents/", { program: about.program.id, document: key })}>${stands ? t("Sign anew") : t("Read and sign")}<span class="vh">: ${say()}</span></button></li>`;
    })}</ul>
    ${signing && html`<${Sign} consent=${signing} title=${documentName(signing.document)} name=${about.banner.name} onDone=${() => (sign(null), again())} onClose=${() => sign(null)} />`}
    ${revoking && html`<${Revoking} row=${revoking} onDone=${() => (revoke(null), again())} onClose=${() => revoke(null)} />`}
  </div>`;
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
