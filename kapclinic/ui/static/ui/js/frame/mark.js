// The sign of the house: a moon with its shadow.
import { html } from "../core/h.js";

export function Mark() {
  return html`<svg viewBox="0 0 28 28" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">
    <circle cx="14" cy="14" r="11" />
    <path d="M14 3a11 11 0 0 1 0 22 14 14 0 0 0 0-22z" fill="currentColor" />
    <path d="M6 17c2.5-2 5-2 8 0" stroke-linecap="round" />
  </svg>`;
}
