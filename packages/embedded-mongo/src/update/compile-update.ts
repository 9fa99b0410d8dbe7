/** Compiles updates (https://www.mongodb.com/docs/manual/reference/operator/update/): modifiers, replacements and pipelines. */
import { CommandError } from '../errors.js';
import { getField, isDoc, setField, type Doc, type Maybe, type Value, typeName } from '../bson/value.js';
import type { Scope } from '../expressions/expression.js';
import { matchesQuery, type MatchDetails, type QueryNode } from '../match/query-node.js';
import { isEqual } from '../order/compare.js';
import { compileTransformPipeline } from '../projection/transforms.js';
import { arrayModifiers } from './array-modifiers.js';
import { copyValue, FIELD_MODIFIERS } from './field-modifiers.js';
import type { ApplyChange, UpdateContext } from './modifier.js';
import { checkConflicts, checkPath, comparePaths, rejectDollarFields } from './paths.js';
import { checkFilters, compileFilters, resolvePositions, type UpdatePath } from './positions.js';
import { formatValue } from './target.js';

export interface Update {
  kind: 'replace' | 'modify' | 'pipeline';
  /** Returns the new document and may change the old one. `position` is that of the positional operator, or -1. */
  apply: (doc: Doc, context: { position: number; insert: boolean }) => Doc;
}

interface FieldChange extends UpdatePath {
  apply: ApplyChange;
}

const modifiers = { ...FIELD_MODIFIERS, ...arrayModifiers };

function parseModifiers(update: Doc, scope: Scope): FieldChange[] {
  const changes: FieldChange[] = [];
  const paths: string[] = [];
  for (const [name, fields] of Object.entries(update)) {
    const modifier = Object.hasOwn(modifiers, name) ? modifiers[name] : undefined;
    if (!modifier) {
      throw new CommandError(
        9,
        `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!isDoc(fields)) {
      throw new CommandError(
        9,
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${name}: ${formatValue(fields)}}`,
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

function compileModifiers(update: Doc, arrayFilters: readonly Doc[], scope: Scope): Update {
  const changes = parseModifiers(update, scope);
  const filters = compileFilters(arrayFilters, scope);
  checkFilters(changes, filters);
  const topLevelNames = changes.map(({ parts: [top = ''] }) => top);
  const apply: Update['apply'] = (doc, { position, insert }) => {
    const id = getField(doc, '_id');
    const context: UpdateContext = { isInsert: insert, id: formatValue(id) };
    if (!insert) rejectDollarFields(topLevelNames);
    for (const change of changes) {
      for (const parts of resolvePositions(doc, change, position, filters)) change.apply(doc, parts, context);
    }
    requireSameId(id, doc, insert);
    return doc;
  };
  return { kind: 'modify', apply };
}

function requireSameId(before: Maybe, doc: Doc, insert: boolean): void {
  if (insert && before === undefined) return;
  if (!isEqual(before, getField(doc, '_id'))) {
    throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
  }
}

/** Moves `_id` to the front. */
export function withIdFirst(id: Maybe, doc: Doc): Doc {
  const result: Doc = {};
  if (id !== undefined) setField(result, '_id', id);
  for (const [name, value] of Object.entries(doc)) if (name !== '_id') setField(result, name, value);
  return result;
}

function keepId(before: Doc, after: Doc): Doc {
  const id = getField(before, '_id');
  const newId = getField(after, '_id');
  if (id !== undefined && newId !== undefined && !isEqual(id, newId)) {
    throw new CommandError(
      66,
      `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${formatValue(newId)}`,
    );
  }
  return withIdFirst(id ?? newId, after);
}

function compileReplacement(update: Doc): Update {
  return {
    kind: 'replace',
    apply: (doc, { insert }) => {
      if (!insert) rejectDollarFields(Object.keys(update));
      return keepId(doc, copyValue(update) as Doc);
    },
  };
}

/**
 * Compiles an update. Throws 9 for an unknown modifier, 40 for conflicting paths, and 2, 14, 52 or 56 for operands and
 * paths that MongoDB rejects.
 */
export function compileUpdate(update: Value, options: { arrayFilters?: readonly Doc[]; scope: Scope }): Update {
  const { arrayFilters = [], scope } = options;
  if (Array.isArray(update)) {
    if (arrayFilters.length) throw new CommandError(9, 'arrayFilters may not be specified for pipeline-style updates');
    const transform = compileTransformPipeline(update, scope);
    return { kind: 'pipeline', apply: (doc) => keepId(doc, transform(doc)) };
  }
  if (!isDoc(update)) throw new CommandError(9, 'Update argument must be either an object or an array');
  const [first] = Object.keys(update);
  if (first === undefined || !first.startsWith('$')) {
    if (arrayFilters.length)
      throw new CommandError(9, 'arrayFilters may not be specified for replacement-style updates');
    return compileReplacement(update);
  }
  return compileModifiers(update, arrayFilters, scope);
}

/** Returns the array position that `$` stands for, or null if the document does not match. */
export function matchPosition(node: QueryNode, doc: Doc): number | null {
  const details: MatchDetails = { position: -1 };
  return matchesQuery(node, doc, details) ? details.position : null;
}
