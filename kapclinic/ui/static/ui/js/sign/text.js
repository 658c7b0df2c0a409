// A document's text as it is read: headings, lists, quotes and paragraphs of its plain marks; nothing of it is markup.
import { html } from "../core/h.js";
import { blocksOf, spansOf } from "./reading.js";

const said = (row) => spansOf(row).map((part, index) => (index % 2 ? html`<b key=${index}>${part}</b>` : part));

export function Text({ text }) {
  return blocksOf(text).map((block, index) => html`<${Block} key=${index} block=${block} />`);
}

function Block({ block }) {
  const [row] = block.rows;
  if (block.kind.startsWith("h")) return html`<h3>${said(row)}</h3>`;
  if (block.kind === "list") return html`<ul>${block.rows.map((one, index) => html`<li key=${index}>${said(one)}</li>`)}</ul>`;
  return html`<p class=${block.kind === "quote" ? "quiet" : undefined}>${said(row)}</p>`;
}
