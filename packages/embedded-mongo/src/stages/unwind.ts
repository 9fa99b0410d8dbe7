/** `$unwind` (https://www.mongodb.com/docs/manual/reference/operator/aggregation/unwind/): returns a document for each element of an array. */
import { CommandError } from '../errors.js';
import { getField, isDoc, setField, type Doc, type Maybe, type Value } from '../bson/value.js';
import { pause, type Pausable } from '../plan/time-slice.js';

interface UnwindSpec {
  parts: readonly string[];
  indexName: string | null;
  keepsEmpty: boolean;
}

const unwindOptions = new Set(['path', 'includeArrayIndex', 'preserveNullAndEmptyArrays']);

function checkOptions(options: Doc): void {
  const { includeArrayIndex: name, preserveNullAndEmptyArrays: keepsEmpty } = options;
  const unknown = Object.keys(options).find((option) => !unwindOptions.has(option));
  if (unknown) throw new CommandError(28811, `unrecognized option to $unwind stage: ${unknown}`);
  if (keepsEmpty !== undefined && typeof keepsEmpty !== 'boolean') {
    throw new CommandError(28809, 'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage');
  }
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new CommandError(28810, 'expected a non-empty string for the includeArrayIndex option to $unwind stage');
  }
  if (typeof name === 'string' && name.startsWith('$')) {
    throw new CommandError(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${name}`,
    );
  }
}

function parseUnwind(operand: Value): UnwindSpec {
  const options: Doc = isDoc(operand) ? operand : { path: operand };
  const { path, includeArrayIndex, preserveNullAndEmptyArrays } = options;
  checkOptions(options);
  if (typeof path !== 'string') throw new CommandError(28808, 'expected a string as the path for $unwind stage');
  if (path === '') throw new CommandError(28812, 'no path specified to $unwind stage');
  if (!path.startsWith('$'))
    throw new CommandError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  const indexName = typeof includeArrayIndex === 'string' ? includeArrayIndex : null;
  return { parts: path.slice(1).split('.'), indexName, keepsEmpty: preserveNullAndEmptyArrays === true };
}

function valueAt(doc: Maybe, parts: readonly string[]): Maybe {
  return parts.reduce<Maybe>((value, part) => (isDoc(value) ? getField(value, part) : undefined), doc);
}

/** Copies a document with another value at a path; undefined removes the field. */
export function withPathValue(doc: Doc, [part = '', ...rest]: readonly string[], value: Maybe): Doc {
  const copy = { ...doc };
  const inner = getField(doc, part);
  const next = rest.length ? withPathValue(isDoc(inner) ? inner : {}, rest, value) : value;
  if (next === undefined) Reflect.deleteProperty(copy, part);
  else setField(copy, part, next);
  return copy;
}

function* unwindDocument({ parts, indexName, keepsEmpty }: UnwindSpec, doc: Doc): Generator<Doc, void> {
  const value = valueAt(doc, parts);
  const withIndex = (result: Doc, index: bigint | null): Doc =>
    indexName === null ? result : withPathValue(result, indexName.split('.'), index);
  if (!Array.isArray(value)) {
    if ((value !== undefined && value !== null) || keepsEmpty) yield withIndex(doc, null);
    return;
  }
  if (!value.length && keepsEmpty) yield withIndex(withPathValue(doc, parts, undefined), null);
  for (const [index, item] of value.entries()) yield withIndex(withPathValue(doc, parts, item), BigInt(index));
}

/** Compiles the stage. Throws 28808 or 28818 for an invalid path. */
export function compileUnwind(operand: Value): (source: Pausable<Doc>) => Pausable<Doc> {
  const unwind = parseUnwind(operand);
  return function* (source) {
    for (const doc of source) {
      if (doc === pause) yield pause;
      else yield* unwindDocument(unwind, doc);
    }
  };
}
