/** Update documents (https://www.mongodb.com/docs/manual/reference/operator/update/): modifiers, replacement, pipeline. */
import { CommandError } from '../errors.js';
import { isDoc, getField, setField, typeName } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import type { Scope } from '../expr/expression.js';
import { matchNode } from '../match/node.js';
import type { Details, QueryNode } from '../match/node.js';
import { equal } from '../order/compare.js';
import { compileTransforms } from '../projection/transform.js';
import { ARRAY_MODIFIERS } from './arrays.js';
import { FIELD_MODIFIERS, structuredCopy } from './fields.js';
import type { Apply, Moment } from './modifier.js';
import { checkConflicts, checkPath, comparePaths, refuseDollar } from './paths.js';
import { checkFilters, compileFilters, concretePaths } from './positions.js';
import type { UpdatePath } from './positions.js';
import { describe } from './target.js';

export interface Update {
  readonly kind: 'replace' | 'modify' | 'pipeline';
  /** Gives the new document; may change the one it is given. `position` is that of the positional operator, or -1. */
  readonly apply: (doc: Doc, context: { position: number; insert: boolean }) => Doc;
}

interface Change extends UpdatePath {
  readonly apply: Apply;
}

const MODIFIERS = { ...FIELD_MODIFIERS, ...ARRAY_MODIFIERS };

function readModifiers(update: Doc, scope: Scope): Change[] {
  const changes: Change[] = [];
  const paths: string[] = [];
  for (const [name, fields] of Object.entries(update)) {
    const modifier = Object.hasOwn(MODIFIERS, name) ? MODIFIERS[name] : undefined;
    if (!modifier) {
      throw new CommandError(
        9,
        `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!isDoc(fields)) {
      throw new CommandError(
        9,
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${name}: ${describe(fields)}}`,
      );
    }
    for (const [path, operand] of Object.entries(fields)) {
      changes.push({ path, parts: checkPath(path), apply: modifier(operand, path, scope) });
      paths.push(path);
      if (name === '$rename' && typeof operand === 'string') {
        checkPath(operand);
        paths.push(operand);
      }
    }
  }
  checkConflicts(paths);
  return changes.sort((a, b) => comparePaths(a.parts, b.parts));
}

function modifiers(update: Doc, arrayFilters: readonly Doc[], scope: Scope): Update {
  const changes = readModifiers(update, scope);
  const filters = compileFilters(arrayFilters, scope);
  checkFilters(changes, filters);
  const tops = changes.map(({ parts: [top = ''] }) => top);
  const apply: Update['apply'] = (doc, { position, insert }) => {
    const id = getField(doc, '_id');
    const moment: Moment = { insert, id: describe(id) };
    if (!insert) refuseDollar(tops);
    for (const change of changes) {
      for (const parts of concretePaths(doc, change, position, filters)) change.apply(doc, parts, moment);
    }
    keepId(id, doc, insert);
    return doc;
  };
  return { kind: 'modify', apply };
}

function keepId(before: Maybe, doc: Doc, insert: boolean): void {
  if (insert && before === undefined) return;
  if (!equal(before, getField(doc, '_id'))) {
    throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
  }
}

/** The document with `_id` as its first field. */
export function idFirst(id: Maybe, doc: Doc): Doc {
  const result: Doc = {};
  if (id !== undefined) setField(result, '_id', id);
  for (const [name, value] of Object.entries(doc)) if (name !== '_id') setField(result, name, value);
  return result;
}

function withId(before: Doc, after: Doc): Doc {
  const id = getField(before, '_id');
  const given = getField(after, '_id');
  if (id !== undefined && given !== undefined && !equal(id, given)) {
    throw new CommandError(
      66,
      `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${describe(given)}`,
    );
  }
  return idFirst(id ?? given, after);
}

function replacement(update: Doc): Update {
  return {
    kind: 'replace',
    apply: (doc, { insert }) => {
      if (!insert) refuseDollar(Object.keys(update));
      return withId(doc, structuredCopy(update) as Doc);
    },
  };
}

/**
 * Compiles an update. Throws 9 for an unknown modifier, 40 for paths that collide, 2, 14, 52 and 56 for operands and
 * paths that MongoDB refuses.
 */
export function compileUpdate(update: Value, options: { arrayFilters?: readonly Doc[]; scope: Scope }): Update {
  const { arrayFilters = [], scope } = options;
  if (Array.isArray(update)) {
    if (arrayFilters.length) throw new CommandError(9, 'arrayFilters may not be specified for pipeline-style updates');
    const transform = compileTransforms(update, scope);
    return { kind: 'pipeline', apply: (doc) => withId(doc, transform(doc)) };
  }
  if (!isDoc(update)) throw new CommandError(9, 'Update argument must be either an object or an array');
  const [first] = Object.keys(update);
  if (first === undefined || !first.startsWith('$')) {
    if (arrayFilters.length)
      throw new CommandError(9, 'arrayFilters may not be specified for replacement-style updates');
    return replacement(update);
  }
  return modifiers(update, arrayFilters, scope);
}

/** The array position that `$` stands for when `doc` matches, or null if it does not match. */
export function matchPosition(node: QueryNode, doc: Doc): number | null {
  const details: Details = { position: -1 };
  return matchNode(node, doc, details) ? details.position : null;
}
