/** What a compiled query is made of. The planner reads the same tree that the matcher runs. */
import type { Doc, Maybe, Value } from '../bson/value.js';
import type { Pattern } from './regex.js';
import { walkPath } from './path.js';

/** Filled in while matching: the array position that the positional operator `$` stands for. */
export interface MatchDetails {
  position: number;
}

export type Predicate = {
  /** Looks at one value that the path led to; undefined is a missing field. */
  matches: (value: Maybe, details: MatchDetails) => boolean;
  /** Whether arrays at the end of the path are looked into. */
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
  | { kind: 'leaf'; path: string; parts: readonly string[]; test: Predicate }
  | { kind: 'expression'; matches: (doc: Doc) => boolean };

const ignoredDetails: MatchDetails = { position: -1 };

/** True if the document satisfies the query; `details` receives the array position of the last array match. */
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
      return matchLeaf(node.parts, node.test, doc, details);
  }
}

function matchLeaf(parts: readonly string[], test: Predicate, doc: Doc, details: MatchDetails): boolean {
  return walkPath(doc, parts, test.expand, (value, index) => {
    const inner: MatchDetails = { position: -1 };
    if (!test.matches(value, inner)) return false;
    if (index >= 0) details.position = index;
    else if (inner.position >= 0) details.position = inner.position;
    return true;
  });
}
