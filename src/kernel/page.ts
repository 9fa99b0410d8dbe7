/** One page of a list, and the key of its last row if more rows follow; else null. */
export interface Page<Row, Key> {
  rows: Row[];
  next: Key | null;
}

/** Cuts a page out of rows that were read with a limit of `limit + 1`. */
export function page<Row, Key>(found: readonly Row[], limit: number, keyOf: (row: Row) => Key): Page<Row, Key> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: last !== undefined && found.length > limit ? keyOf(last) : null };
}
