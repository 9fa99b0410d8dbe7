/** Update documents (https://www.mongodb.com/docs/manual/reference/operator/update/): modifiers, replacement, pipeline. */
import { CommandError } from '../errors.js';
import { isDoc, getField, setField, typeName } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import type { Scope } from '../expr/expression.js';
import { compileQuery } from '../match/compile.js';
import { matchNode } from '../match/node.js';
import type { Details, QueryNode } from '../match/node.js';
import { equal } from '../order/compare.js';
import { compileTransforms } from '../projection/transform.js';
import { ARRAY_MODIFIERS } from './arrays.js';
import { FIELD_MODIFIERS, structuredCopy } from './fields.js';
import type { Apply, Moment } from './modifier.js';
import { describe, locate } from './target.js';

export interface Update {
  readonly kind: 'replace' | 'modify' | 'pipeline';
  /** Gives the new document; may change the one it is given. `position` is that of the positional operator, or -1. */
  readonly apply: (doc: Doc, context: { position: number; insert: boolean }) => Doc;
}

interface Change {
  readonly parts: readonly string[];
  readonly path: string;
  readonly apply: Apply;
}

type Filters = ReadonlyMap<string, (item: Value) => boolean>;

const MODIFIERS = { ...FIELD_MODIFIERS, ...ARRAY_MODIFIERS };
const IDENTIFIER = /^\$\[(.*)\]$/;

function checkPath(path: string): string[] {
  const parts = path.split('.');
  if (path === '') throw new CommandError(56, 'An empty update path is not valid.');
  if (parts.includes('')) {
    throw new CommandError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  }
  const dollar = parts.find(
    (part, index) => part.startsWith('$') && !(index > 0 && (part === '$' || IDENTIFIER.test(part))),
  );
  if (dollar !== undefined) {
    if (dollar === '$' || IDENTIFIER.test(dollar)) {
      throw new CommandError(
        2,
        `Cannot have positional (i.e. '$') or array filter element in the first position in path '${path}'`,
      );
    }
    throw new CommandError(
      52,
      `The dollar ($) prefixed field '${dollar}' in '${path}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  }
  if (parts.filter((part) => part === '$').length > 1) {
    throw new CommandError(2, `Too many positional (i.e. '$') elements found in path '${path}'`);
  }
  return parts;
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
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

function checkConflicts(paths: readonly string[]): void {
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

function rootOf(node: QueryNode): string | null {
  if (node.kind === 'leaf') return node.parts[0] ?? null;
  if (node.kind === 'not') return rootOf(node.node);
  return node.kind === 'expression' ? null : (node.nodes.map(rootOf).find((name) => name !== null) ?? null);
}

function compileFilters(filters: readonly Doc[], scope: Scope): Filters {
  const result = new Map<string, (item: Value) => boolean>();
  for (const filter of filters) {
    const node = compileQuery(filter, scope);
    const name = rootOf(node);
    if (name === null)
      throw new CommandError(9, 'Cannot use an expression without a top-level field name in arrayFilters');
    if (!/^[a-z][A-Za-z0-9]*$/.test(name))
      throw new CommandError(
        2,
        `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
      );
    if (result.has(name))
      throw new CommandError(9, `Found multiple array filters with the same top-level field name ${name}`);
    result.set(name, (item) => matchNode(node, { [name]: item }));
  }
  return result;
}

function checkFilters(changes: readonly Change[], filters: Filters): void {
  const used = new Set<string>();
  for (const { parts, path } of changes) {
    for (const part of parts) {
      const name = IDENTIFIER.exec(part)?.[1];
      if (!name) continue;
      used.add(name);
      if (!filters.has(name))
        throw new CommandError(2, `No array filter found for identifier '${name}' in path '${path}'`);
    }
  }
  for (const name of filters.keys()) {
    if (!used.has(name))
      throw new CommandError(9, `The array filter for identifier '${name}' was not used in the update`);
  }
}

/** Replaces `$`, `$[]` and `$[name]` in a path by positions: one concrete path per element chosen. */
function concretePaths(doc: Doc, change: Change, position: number, filters: Filters): string[][] {
  let paths: string[][] = [[]];
  for (const part of change.parts) {
    const name = IDENTIFIER.exec(part)?.[1];
    if (part === '$') {
      if (position < 0)
        throw new CommandError(2, 'The positional operator did not find the match needed from the query.');
      paths = paths.map((path) => [...path, String(position)]);
    } else if (name === undefined) {
      paths = paths.map((path) => [...path, part]);
    } else {
      paths = paths.flatMap((path) => chosen(doc, path, change.path, filters.get(name)));
    }
  }
  return paths;
}

function chosen(doc: Doc, path: string[], whole: string, filter: ((item: Value) => boolean) | undefined): string[][] {
  const list = locate(doc, path)?.value;
  if (list === undefined) {
    throw new CommandError(
      2,
      `The path '${path.join('.')}' must exist in the document in order to apply array updates.`,
    );
  }
  if (!Array.isArray(list))
    throw new CommandError(
      2,
      `Cannot apply array updates to non-array element ${path.at(-1)}: ${describe(list)} (path '${whole}')`,
    );
  return list.flatMap((item, index) => (!filter || filter(item) ? [[...path, String(index)]] : []));
}

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
  const apply: Update['apply'] = (doc, { position, insert }) => {
    const id = getField(doc, '_id');
    const moment: Moment = { insert, id: describe(id) };
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
  const dollar = Object.keys(update).find((name) => name.startsWith('$'));
  if (dollar) {
    throw new CommandError(
      52,
      `The dollar ($) prefixed field '${dollar}' in '${dollar}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  }
  return { kind: 'replace', apply: (doc) => withId(doc, structuredCopy(update) as Doc) };
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
