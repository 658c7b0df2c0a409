// Which order counts.

/** The newest that waits for nobody's word, or null. */
export function standingOrder(orders) {
  const rows = [...orders].sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
  return rows.filter((row) => !row.waits).at(-1) ?? null;
}
