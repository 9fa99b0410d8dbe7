/** The document an upsert starts from: the equalities of its query. */
import { CommandError } from '../errors.js';
import type { Doc, Value } from '../bson/value.js';
import type { QueryNode } from '../match/query-node.js';
import { copyValue } from './field-modifiers.js';
import { locate, locateOrCreate, setAt } from './target.js';

function collectEqualities(node: QueryNode, into: Map<string, Value>): void {
  if (node.kind === 'and' || (node.kind === 'or' && node.nodes.length === 1)) {
    for (const child of node.nodes) collectEqualities(child, into);
    return;
  }
  if (node.kind !== 'leaf') return;
  const { test, path } = node;
  if (test.op === 'eq') addEquality(path, test.operand, into);
  else if (test.op === 'in' && test.operands.length === 1 && !test.patterns.length)
    addEquality(path, test.operands[0] ?? null, into);
}

function addEquality(path: string, value: Value, into: Map<string, Value>): void {
  const clash = [...into.keys()].find(
    (known) => known === path || known.startsWith(`${path}.`) || path.startsWith(`${known}.`),
  );
  if (clash !== undefined) {
    throw new CommandError(
      54,
      `cannot infer query fields to set, ${clash === path ? `path '${path}' is matched twice` : `both paths '${path}' and '${clash}' are matched`}`,
    );
  }
  into.set(path, value);
}

/** Builds the seed. Throws 54 when the query names a field twice. With `idOnly` (replacement) only `_id` is taken. */
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
