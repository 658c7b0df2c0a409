// Markup without a build step: htm makes Preact's elements out of a template literal.
import { Fragment, h, render } from "../../vendor/preact.js";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/hooks.js";
import htm from "../../vendor/htm.js";

const html = htm.bind(h);

/** An icon of `icons.html`, beside a word that says the same. */
export function Icon({ name, solid }) {
  return html`<svg class=${solid ? "i f" : "i"} aria-hidden="true"><use href=${`#${name}`} /></svg>`;
}

/** Put the page's tree into its shell. */
export function show(tree) {
  render(tree, document.getElementById("app"));
}

export { Fragment, html, useEffect, useLayoutEffect, useMemo, useRef, useState };
