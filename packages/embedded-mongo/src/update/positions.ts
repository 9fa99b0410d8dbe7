/** The positional parts of update paths: `$`, `$[]`, and `$[name]` with its array filter. */
import { CommandError } from '../errors.js';
import type { Doc, Value } from '../bson/value.js';
import type { Scope } from '../expressions/expression.js';
import { compileQuery } from '../match/compile-query.js';
import { matchesQuery, type QueryNode } from '../match/query-node.js';
import { filterIdentifier } from './paths.js';
import { formatValue, locate } from './target.js';

export interface UpdatePath {
  parts: readonly string[];
  path: string;
}

type ArrayFilters = ReadonlyMap<string, (item: Value) => boolean>;

function rootFieldOf(node: QueryNode): string | null {
  if (node.kind === 'leaf') return node.parts[0] ?? null;
  if (node.kind === 'not') return rootFieldOf(node.node);
  return node.kind === 'expression' ? null : (node.nodes.map(rootFieldOf).find((name) => name !== null) ?? null);
}

/** Compiles `arrayFilters` by name. Throws 2 or 9 for names that MongoDB rejects. */
export function compileFilters(filters: readonly Doc[], scope: Scope): ArrayFilters {
  const result = new Map<string, (item: Value) => boolean>();
  for (const filter of filters) {
    const node = compileQuery(filter, scope);
    const name = rootFieldOf(node);
    if (name === null)
      throw new CommandError(9, 'Cannot use an expression without a top-level field name in arrayFilters');
    if (!/^[a-z][A-Za-z0-9]*$/.test(name))
      throw new CommandError(
        2,
        `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
      );
    if (result.has(name))
      throw new CommandError(9, `Found multiple array filters with the same top-level field name ${name}`);
    result.set(name, (item) => matchesQuery(node, { [name]: item }));
  }
  return result;
}

/** Throws 2 for a name without a filter, and 9 for a filter that no path uses. */
export function checkFilters(changes: readonly UpdatePath[], filters: ArrayFilters): void {
  const used = new Set<string>();
  for (const { parts, path } of changes) {
    for (const part of parts) {
      const name = filterIdentifier.exec(part)?.[1];
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

/** Replaces `$`, `$[]` and `$[name]` by positions. Returns one path per selected element. */
export function resolvePositions(doc: Doc, change: UpdatePath, position: number, filters: ArrayFilters): string[][] {
  let paths: string[][] = [[]];
  for (const part of change.parts) {
    const name = filterIdentifier.exec(part)?.[1];
    if (part === '$') {
      if (position < 0)
        throw new CommandError(2, 'The positional operator did not find the match needed from the query.');
      paths = paths.map((path) => [...path, String(position)]);
    } else if (name === undefined) {
      paths = paths.map((path) => [...path, part]);
    } else {
      paths = paths.flatMap((path) => resolveElements(doc, path, change.path, filters.get(name)));
    }
  }
  return paths;
}

function resolveElements(
  doc: Doc,
  path: string[],
  whole: string,
  filter: ((item: Value) => boolean) | undefined,
): string[][] {
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
      `Cannot apply array updates to non-array element ${path.at(-1)}: ${formatValue(list)} (path '${whole}')`,
    );
  return list.flatMap((item, index) => (!filter || filter(item) ? [[...path, String(index)]] : []));
}
