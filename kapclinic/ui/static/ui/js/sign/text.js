// A document's text as it is read: headings, lists, quotes and paragraphs of its plain marks; nothing of it is markup.
import { html } from "../core/h.js";

const blocksOf = (text) => text.split(/\n\s*\n/).map((one) => one.trim()).filter(Boolean);

export function Text({ text }) {
  return blocksOf(text).map((block, index) => html`<${Block} key=${index} block=${block} />`);
}

function Block({ block }) {
  if (block.startsWith("#")) return html`<h3>${block.replace(/^#+\s*/, "")}</h3>`;
  if (/^[-*] /.test(block)) return html`<ul>${block.split(/\n(?=[-*] )/).map((line) => html`<li key=${line}>${line.replace(/^[-*] /, "").replace(/\s*\n\s*/g, " ")}</li>`)}</ul>`;
  if (block.startsWith(">")) return html`<p class="quiet">${block.replace(/^>\s?/gm, "").replace(/\n/g, " ")}</p>`;
  return html`<p>${block.replace(/\n/g, " ")}</p>`;
}
