// A document's text as blocks, as `screening/rules/reading.py` reads it for paper and for a client's own page.

/**
 * Headings, lists, quotes and paragraphs of plain marks. An empty line ends a block, and so does a line that begins with
 * the mark of another one; a line without a mark goes on with what it follows. A heading is one line.
 *
 * @param {string} text @returns {{kind: string, rows: string[]}[]}
 */
export function blocksOf(text) {
  const found = [];
  let open = null;
  for (const line of text.split("\n").map((one) => one.trim())) {
    const [mark, words] = markOf(line);
    if (open && (mark === "p" || mark === open.kind) && !open.kind.startsWith("h")) {
      if (mark === "list") open.rows.push(words);
      else open.rows[open.rows.length - 1] += ` ${words}`;
      continue;
    }
    open = mark ? { kind: mark, rows: [words] } : null;
    if (open) found.push(open);
  }
  return found.map(({ kind, rows }) => ({ kind, rows: rows.map((row) => row.replace(/\s+/g, " ").trim()) }));
}

/** What a line is by its mark, and its words; an empty one is nothing. */
function markOf(line) {
  const [, marks, heading] = /^(#+)\s+(.+)/.exec(line) ?? [];
  if (heading) return [marks.length === 1 ? "h2" : "h3", heading];
  const [, entry] = /^[-*]\s+(.+)/.exec(line) ?? [];
  if (entry) return ["list", entry];
  if (line.startsWith(">")) return ["quote", line.slice(1).trim()];
  return [line && "p", line];
}

/** What stands between two pairs of stars is said louder: `[plain, loud, plain, …]`. @param {string} row */
export const spansOf = (row) => row.split(/\*\*(.+?)\*\*/);
