// One finding: how bad, what was found and where from, and what the prescriber says to it.
import { Icon, html } from "../core/h.js";
import { t, told } from "../core/i18n.js";
import { timed } from "../care/who.js";
import { severityOf } from "./words.js";

/** @param {{finding: Api["FindingOut"], zone: string, value: string, wrong: string, set: (text: string) => void, onRecognise: () => void}} props */
export function Finding({ finding, zone, value, wrong, set, onRecognise }) {
  const [tone, icon, word] = severityOf(finding.severity);
  const unread = finding.code === "MED_UNMAPPED" && finding.medication;
  return html`<li class=${tone}>
    <span class="sv"><${Icon} name=${icon} />${word}</span>
    <div class="ft"><h3>${told(finding.label)}</h3>
      <p class="small">${timed(finding.evidence, zone)}</p>
      <p class="tiny faint">${finding.code} · ${finding.source}</p>
      ${unread && html`<button type="button" class="lnk small" onClick=${onRecognise}>${t("Say what this medicine is")}</button>`}
    </div>
    ${finding.severity === "absolute" && html`<p class="cant"><b>${t("Cannot be cleared while this stands.")}</b> ${t("Defer, treat, and screen again.")}</p>`}
    ${finding.severity === "info" && html`<p class="small quiet">${t("No action needed")}</p>`}
    ${["relative", "unknown"].includes(finding.severity) && html`<${Said} finding=${finding} value=${value} wrong=${wrong} set=${set} />`}
  </li>`;
}

function Said({ finding, value, wrong, set }) {
  const id = `said-${finding.id}`;
  return html`<div class=${wrong ? "rs bad" : "rs"}>
    <label for=${id} class="small">${t("Your answer")}<span class="vh">: ${told(finding.label)}</span></label>
    <textarea id=${id} rows="1" value=${value} aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? `${id}-wrong` : undefined} onInput=${(event) => set(event.target.value)} />
    ${wrong && html`<span class="err small" id=${`${id}-wrong`} role="alert">${wrong}</span>`}
  </div>`;
}
