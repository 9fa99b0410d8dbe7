import { describe, expect, it } from 'vitest';
import { type ChangeContext, refusalOfDeletion, refusalOfEdit } from './messages.js';

const windowMs = 60_000;

/** Every combination of the four flags, once within the window and once after it. */
const contexts: ChangeContext[] = Array.from({ length: 32 }, (_, bits) => ({
  isAuthor: (bits & 1) !== 0,
  isSystem: (bits & 2) !== 0,
  isAbove: (bits & 4) !== 0,
  isDeleted: (bits & 8) !== 0,
  ageMs: (bits & 16) === 0 ? windowMs : windowMs + 1,
  windowMs,
}));

/** A column: what a flag has to be, `-` if it does not matter; then the age, and the refusals of an edit and of a deletion. */
function matching(columns: string): ChangeContext[] {
  const [author = '', system = '', above = '', deleted = '', age = ''] = columns.split(/\s+/);
  const fits = (column: string, flag: boolean): boolean => column === '-' || (column === 'yes') === flag;
  return contexts.filter(
    (one) =>
      fits(author, one.isAuthor) &&
      fits(system, one.isSystem) &&
      fits(above, one.isAbove) &&
      fits(deleted, one.isDeleted) &&
      (age === '-' || (age === 'late') === one.ageMs > windowMs),
  );
}

/** The columns are author, system, above, deleted and age. */
const edits: [string, string | null, number][] = [
  ['no   -    -  -    -   ', 'forbidden', 16],
  ['yes  yes  -  -    -   ', 'forbidden', 8],
  ['yes  no   -  yes  -   ', 'forbidden', 4],
  ['yes  no   -  no   late', 'edit_window_expired', 2],
  ['yes  no   -  no   soon', null, 2],
];

const deletions: [string, string | null, number][] = [
  ['-    yes  -    -  -   ', 'forbidden', 16],
  ['-    no   yes  -  -   ', null, 8],
  ['no   no   no   -  -   ', 'forbidden', 4],
  ['yes  no   no   -  late', 'delete_window_expired', 2],
  ['yes  no   no   -  soon', null, 2],
];

describe.each([
  ['edit', refusalOfEdit, edits],
  ['delete', refusalOfDeletion, deletions],
] as const)('who may %s a message', (_, refusalOf, table) => {
  it.each(table)('%s: %s', (columns, refusal, count) => {
    const found = matching(columns);
    expect(found).toHaveLength(count);
    for (const context of found) expect(refusalOf(context)).toBe(refusal);
  });

  it('the table holds every case once', () => {
    expect(table.flatMap(([columns]) => matching(columns))).toHaveLength(contexts.length);
  });

  it('a window of 0 never ends', () => {
    const own = { isAuthor: true, isSystem: false, isAbove: false, isDeleted: false };
    expect(refusalOf({ ...own, ageMs: Number.MAX_SAFE_INTEGER, windowMs: 0 })).toBeNull();
  });
});
