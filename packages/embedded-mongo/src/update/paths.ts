/** The paths of an update: which are valid, in which order they apply, and which conflict. */
import { CommandError } from '../errors.js';

/** The identifier of an array filter in a path, `$[name]`; the name of `$[]` is empty. */
export const filterIdentifier = /^\$\[(.*)\]$/;

/** Splits an update path. Throws 56 for an empty part, and 2 for a positional part in the wrong place. */
export function checkPath(path: string): string[] {
  const parts = path.split('.');
  if (path === '') throw new CommandError(56, 'An empty update path is not valid.');
  if (parts.includes('')) {
    throw new CommandError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  }
  const [first = ''] = parts;
  if (first === '$' || filterIdentifier.test(first)) {
    throw new CommandError(
      2,
      `Cannot have positional (i.e. '$') or array filter element in the first position in path '${path}'`,
    );
  }
  if (parts.filter((part) => part === '$').length > 1) {
    throw new CommandError(2, `Too many positional (i.e. '$') elements found in path '${path}'`);
  }
  return parts;
}

/** Compares paths in the order in which MongoDB applies the changes of an update: by name, positions by number. */
export function comparePaths(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let depth = 0; depth < length; depth++) {
    const left = a[depth] ?? '';
    const right = b[depth] ?? '';
    if (left === right) continue;
    if (/^\d+$/.test(left) && /^\d+$/.test(right)) return Number(left) - Number(right);
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

/** Throws 40 if a path equals another or is inside it. */
export function checkConflicts(paths: readonly string[]): void {
  const sorted = paths.map((path) => `${path}.`).sort();
  sorted.forEach((path, index) => {
    const before = sorted[index - 1];
    if (before !== undefined && path.startsWith(before)) {
      throw new CommandError(
        40,
        `Updating the path '${path.slice(0, -1)}' would create a conflict at '${before.slice(0, -1)}'`,
      );
    }
  });
}

/**
 * Throws 52 if a top-level name begins with `$`. Such a field can be inserted, by an upsert too, but never updated
 * (https://www.mongodb.com/docs/manual/core/dot-dollar-considerations/dollar-prefix/).
 */
export function rejectDollarFields(names: readonly string[]): void {
  const dollar = names.find((name) => name.startsWith('$'));
  if (dollar === undefined) return;
  throw new CommandError(
    52,
    `The dollar ($) prefixed field '${dollar}' in '${dollar}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
  );
}
