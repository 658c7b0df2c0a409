// A document's text as it is read: headings, lists, quotes and paragraphs of its plain marks; nothing of it is markup.
import { html } from "../core/h.js";

/** What stands between two pairs of stars is said louder. */
const spans = (text) => text.split(/\*\*(.+?)\*\*/s).map((part, index) => (index % 2 ? html`<b key=${index}>${part}</b>` : part));
const blocksOf = (text) => text.split(/\n\s*\n/).map((one) => one.trim()).filter(Boolean);

export function Text({ text }) {
  return blocksOf(text).map((block, index) => html`<${Block} key=${index} block=${block} />`);
}

function Block({ block }) {
  if (block.startsWith("#")) return html`<h3>${spans(block.replace(/^#+\s*/, ""))}</h3>`;
  if (/^[-*] /.test(block)) return html`<ul>${block.split(/\n(?=[-*] )/).map((line) => html`<li key=${line}>${spans(line.replace(/^[-*] /, "").replace(/\s*\n\s*/g, " "))}</li>`)}</ul>`;
  if (block.startsWith(">")) return html`<p class="quiet">${spans(block.replace(/^>\s?/gm, "").replace(/\n/g, " "))}</p>`;
  return html`<p>${spans(block.replace(/\n/g, " "))}</p>`;
}
