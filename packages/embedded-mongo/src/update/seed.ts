/** The document an upsert starts from: the equalities of its query. */
import { CommandError } from '../errors.js';
import type { Doc, Value } from '../bson/value.js';
import type { QueryNode } from '../match/node.js';
import { structuredCopy } from './fields.js';
import { ensure, locate, store } from './target.js';

function collect(node: QueryNode, into: Map<string, Value>): void {
  if (node.kind === 'and' || (node.kind === 'or' && node.nodes.length === 1)) {
    for (const child of node.nodes) collect(child, into);
    return;
  }
  if (node.kind !== 'leaf') return;
  const { test, path } = node;
  if (test.op === 'eq') add(path, test.operand, into);
  else if (test.op === 'in' && test.operands.length === 1 && !test.patterns.length)
    add(path, test.operands[0] ?? null, into);
}

function add(path: string, value: Value, into: Map<string, Value>): void {
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
  collect(node, equalities);
  const seed: Doc = {};
  for (const [path, value] of equalities) {
    if (idOnly && path !== '_id') continue;
    const parts = path.split('.');
    if (locate(seed, parts)?.value !== undefined) continue;
    const { container, key } = ensure(seed, parts);
    store(container, key, structuredCopy(value));
  }
  return seed;
}
