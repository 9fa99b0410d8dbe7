/** The tree of a compiled query. The planner reads the same tree that the matcher runs. */
import type { Doc, Maybe, Value } from '../bson/value.js';
import type { Pattern } from './regex.js';
import { walkPath } from './path.js';

/** The array position for the positional operator `$`, filled in while matching. */
export interface MatchDetails {
  position: number;
}

export type Predicate = {
  /** Tests one value at the path; undefined stands for a missing field. */
  matches: (value: Maybe, details: MatchDetails) => boolean;
  /** Whether the elements of an array at the end of the path are tested too. */
  expand: boolean;
} & (
  | { op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; operand: Value }
  | { op: 'in'; operands: readonly Value[]; patterns: readonly Pattern[] }
  | { op: 'regex'; pattern: Pattern }
  | { op: 'exists' }
  | { op: 'type'; types: ReadonlySet<string> }
  | { op: 'elemMatch'; node: QueryNode }
  | { op: 'other' }
);

export type QueryNode =
  | { kind: 'and' | 'or' | 'nor'; nodes: readonly QueryNode[] }
  | { kind: 'not'; node: QueryNode }
  | { kind: 'leaf'; path: string; parts: readonly string[]; predicate: Predicate }
  | { kind: 'expression'; matches: (doc: Doc) => boolean };

const ignoredDetails: MatchDetails = { position: -1 };

/** Returns true if the document matches. `details` receives the position of the last array element that matched. */
export function matchesQuery(node: QueryNode, doc: Doc, details: MatchDetails = ignoredDetails): boolean {
  switch (node.kind) {
    case 'and':
      return node.nodes.every((child) => matchesQuery(child, doc, details));
    case 'or':
      return node.nodes.some((child) => matchesQuery(child, doc, details));
    case 'nor':
      return !node.nodes.some((child) => matchesQuery(child, doc));
    case 'not':
      return !matchesQuery(node.node, doc);
    case 'expression':
      return node.matches(doc);
    case 'leaf':
      return matchLeaf(node.parts, node.predicate, doc, details);
  }
}

function matchLeaf(parts: readonly string[], predicate: Predicate, doc: Doc, details: MatchDetails): boolean {
  return walkPath(doc, parts, predicate.expand, (value, index) => {
    const inner: MatchDetails = { position: -1 };
    if (!predicate.matches(value, inner)) return false;
    if (index >= 0) details.position = index;
    else if (inner.position >= 0) details.position = inner.position;
    return true;
  });
}
