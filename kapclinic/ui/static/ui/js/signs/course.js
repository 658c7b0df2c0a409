// The course in a line: a disc a dose (full: given, half: next), a foot under each (full: integrated, hollow: booked, cross: missed).
import { html } from "../core/h.js";
import { t } from "../core/i18n.js";

const STEP = 15;

/** @param {{progress: {given: number, planned: number, integrated: number, booked?: number, missed?: number}}} props */
export function Course({ progress }) {
  const { given, planned, integrated, booked = 0, missed = 0 } = progress;
  const discs = Math.max(planned, given);
  const label = t("{given} of {planned} doses given, {integrated} integrations done", { given, planned, integrated });
  return html`<span class="course" role="img" aria-label=${label}>
    <svg viewBox=${`0 0 ${discs * STEP} 21`} width=${discs * STEP} height="21" aria-hidden="true">
      ${Array.from({ length: discs }, (_, i) => html`<${Dose} key=${i} x=${7 + i * STEP} state=${i < given ? "given" : i === given ? "next" : "open"} />`)}
      ${Array.from({ length: given }, (_, i) => html`<${Foot} key=${i} x=${7 + i * STEP} state=${i < integrated ? "met" : i < integrated + booked ? "booked" : i < integrated + booked + missed ? "missed" : ""} />`)}
    </svg>
  </span>`;
}

/** What the sign takes, of a program's `progress` as the API has it. */
export function courseOf({ dosing, integration }) {
  return { given: dosing.done, planned: dosing.planned, integrated: integration.met + integration.waived, booked: integration.open, missed: integration.missed };
}

function Dose({ x, state }) {
  if (state === "given") return html`<circle cx=${x} cy="7" r="5.5" fill="var(--dose-bar)" />`;
  const edge = state === "next" ? "var(--dose-bar)" : "var(--edge)";
  return html`<circle cx=${x} cy="7" r="5" fill="none" stroke=${edge} stroke-width="1.4" />
    ${state === "next" && html`<path d=${`M${x} 2a5 5 0 0 1 0 10z`} fill=${edge} />`}`;
}

function Foot({ x, state }) {
  if (state === "met") return html`<rect x=${x - 4} y="16" width="8" height="4" rx="1" fill="var(--integ-bar)" />`;
  if (state === "booked") return html`<rect x=${x - 3.5} y="16.5" width="7" height="3.5" rx="1" fill="none" stroke="var(--integ-bar)" />`;
  if (state === "missed") return html`<path d=${`M${x - 3} 15.5l6 5m0-5l-6 5`} stroke="var(--high)" stroke-width="1.5" />`;
  return null;
}
