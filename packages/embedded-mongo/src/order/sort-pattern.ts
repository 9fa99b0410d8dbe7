import { CommandError } from '../errors.js';
import { type Doc, isNumeric } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import type { SortPattern } from './index-keys.js';

/** Reads a sort document. Throws 15974 or 15975 for a direction other than 1 and -1. */
export function parseSort(sort: Doc): SortPattern {
  const paths = Object.keys(sort);
  const descending = Object.values(sort).map((direction) => {
    if (!isNumeric(direction))
      throw new CommandError(15974, 'Illegal key in $sort specification: only 1 and -1 are supported');
    const sign = toDouble(direction);
    if (sign !== 1 && sign !== -1)
      throw new CommandError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    return sign === -1;
  });
  if (paths.some((path) => path === '' || path.startsWith('$'))) {
    throw new CommandError(16410, "FieldPath field names may not start with '$' or be empty");
  }
  return { paths, parts: paths.map((path) => path.split('.')), descending };
}
