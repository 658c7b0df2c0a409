// Ten recovery codes, shown once.
import { Icon, html, useEffect } from "../core/h.js";
import { t } from "../core/i18n.js";

/** @param {{codes: string[], onKept: () => void}} props */
export function Codes({ codes, onKept }) {
  useEffect(() => {
    const ask = (event) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);
  return html`<h2>${t("Your recovery codes")}</h2>
    <p class="note med"><${Icon} name="warn" /><span>${t("They are shown this once, and those of before count no longer. Each lets you in once when your second factor is lost. Keep them on paper, away from this device.")}</span></p>
    <ol class="codes">${codes.map((code) => html`<li key=${code}>${code}</li>`)}</ol>
    <button type="button" class="b" onClick=${() => window.print()}><${Icon} name="print" />${t("Print")}</button>
    <button type="button" class="b go xl" onClick=${onKept}>${t("I have kept them")}</button>`;
}
