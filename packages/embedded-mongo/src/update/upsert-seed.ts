/** Creates the document that an upsert starts from: the equalities of its query. */
import { CommandError } from '../errors.js';
import type { Doc, Value } from '../bson/value.js';
import type { QueryNode } from '../match/query-node.js';
import { copyValue } from './field-modifiers.js';
import { locate, locateOrCreate, setAt } from './target.js';

function collectEqualities(node: QueryNode, equalities: Map<string, Value>): void {
  if (node.kind === 'and' || (node.kind === 'or' && node.nodes.length === 1)) {
    for (const child of node.nodes) collectEqualities(child, equalities);
    return;
  }
  if (node.kind !== 'leaf') return;
  const { predicate, path } = node;
  if (predicate.op === 'eq') addEquality(path, predicate.operand, equalities);
  else if (predicate.op === 'in' && predicate.operands.length === 1 && !predicate.patterns.length)
    addEquality(path, predicate.operands[0] ?? null, equalities);
}

function addEquality(path: string, value: Value, equalities: Map<string, Value>): void {
  const conflict = [...equalities.keys()].find(
    (other) => other === path || other.startsWith(`${path}.`) || path.startsWith(`${other}.`),
  );
  if (conflict !== undefined) {
    throw new CommandError(
      54,
      `cannot infer query fields to set, ${conflict === path ? `path '${path}' is matched twice` : `both paths '${path}' and '${conflict}' are matched`}`,
    );
  }
  equalities.set(path, value);
}

/** Creates the seed; with `idOnly`, for a replacement, only its `_id`. Throws 54 if the query names a field twice. */
export function upsertSeed(node: QueryNode, idOnly: boolean): Doc {
  const equalities = new Map<string, Value>();
  collectEqualities(node, equalities);
  const seed: Doc = {};
  for (const [path, value] of equalities) {
    if (idOnly && path !== '_id') continue;
    const parts = path.split('.');
    if (locate(seed, parts)?.value !== undefined) continue;
    const { container, key } = locateOrCreate(seed, parts);
    setAt(container, key, copyValue(value));
  }
  return seed;
}
