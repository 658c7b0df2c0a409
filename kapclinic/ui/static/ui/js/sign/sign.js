// A consent, read whole and signed on this tablet: drawn, or typed by whoever can't draw.
import { announce } from "../core/announce.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { words } from "../core/problem.js";
import { Pad } from "./pad.js";
import { Text } from "./text.js";

const SHORTEST = 2; // letters of a name

/** @param {{consent: Api["ConsentTextOut"], title: string, name: string, onDone: () => void, onClose: () => void}} props */
export function Sign({ consent, title, name, onDone, onClose }) {
  const [form, set] = useState({ who: "self", method: "drawn", name: "", drawing: "" });
  const [tried, tell] = useState(false);
  const write = useWrite(() => {
    announce(t("The consent is signed."));
    onDone();
  });
  const drawn = form.method === "drawn";
  const faults = { name: form.name.trim().length < SHORTEST, drawing: drawn && !form.drawing };
  function send(event) {
    event.preventDefault();
    tell(true);
    if (faults.name) return document.getElementById("signer")?.focus();
    if (faults.drawing) return undefined;
    return write.write(`consents/${consent.id}/sign/`, { signer_name: form.name.trim(), signer_relationship: form.who, method: form.method, signature: drawn ? form.drawing : "" });
  }
  const way = (method, word) => html`<button type="button" aria-pressed=${form.method === method} onClick=${() => set({ ...form, method, drawing: "" })}>${word}</button>`;
  return html`<${Dialog} wide title=${title} onClose=${onClose}>
    <form class="touch" noValidate onSubmit=${send}>
      <div class="db">
        <p class="small quiet">${t("For {name}. Version {version}.", { name, version: consent.document_version })}</p>
        <div class="read" lang=${consent.language} tabindex="0" role="region" aria-label=${t("The text")}><${Text} text=${consent.text} /></div>
        <div class="f"><label for="signs-as">${t("Who signs")}</label><select id="signs-as" value=${form.who} onChange=${(event) => set({ ...form, who: event.target.value })}>
          <option value="self">${t("The client, for themselves")}</option><option value="guardian">${t("A guardian of the client")}</option><option value="proxy">${t("A proxy of the client in matters of health")}</option></select></div>
        <div class=${tried && faults.name ? "f bad" : "f"}><label for="signer">${t("Name of who signs")}</label>
          <input id="signer" autocomplete="off" maxlength="160" value=${form.name} aria-invalid=${tried && faults.name ? "true" : undefined} aria-describedby=${tried && faults.name ? "signer-wrong" : undefined} onInput=${(event) => set({ ...form, name: event.target.value })} />
          ${tried && faults.name && html`<span class="err" id="signer-wrong" role="alert">${t("Write the whole name.")}</span>`}</div>
        <div class="seg" role="group" aria-label=${t("How it is signed")}>${way("drawn", t("Drawn by hand"))}${way("typed", t("Typed name"))}</div>
        ${drawn ? html`<${Pad} drawn=${!!form.drawing} onDrawn=${(drawing) => set((old) => ({ ...old, drawing }))} wrong=${tried && faults.drawing ? t("Nothing is drawn on it: let them sign.") : ""} />` : html`<p class="note"><${Icon} name="pen" />${t("The typed name is the signature.")}</p>`}
        ${write.problem && html`<p class="note high" role="alert"><${Icon} name="warn" />${words(write.problem)}</p>`}
        ${write.problem?.passing && html`<p class="small quiet">${t("Not sent: the signature is on this page alone.")}</p>`}
      </div>
      <div class="df"><button class="b go big" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Sending") : t("Sign")}</button></div>
    </form>
  <//>`;
}
