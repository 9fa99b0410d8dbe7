/** What a compiled query is made of. The planner reads the same tree that the matcher runs. */
import type { Doc, Maybe, Value } from '../bson/value.js';
import type { Pattern } from './regex.js';
import { walk } from './path.js';

/** Filled in while matching: the array position that the positional operator `$` stands for. */
export interface Details {
  position: number;
}

export type Test = {
  /** Looks at one value that the path led to; undefined is a missing field. */
  readonly matches: (value: Maybe, details: Details) => boolean;
  /** Whether arrays at the end of the path are looked into. */
  readonly expand: boolean;
} & (
  | { readonly op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; readonly operand: Value }
  | { readonly op: 'in'; readonly operands: readonly Value[]; readonly patterns: readonly Pattern[] }
  | { readonly op: 'regex'; readonly pattern: Pattern }
  | { readonly op: 'exists' }
  | { readonly op: 'type'; readonly types: ReadonlySet<string> }
  | { readonly op: 'elemMatch'; readonly node: QueryNode }
  | { readonly op: 'other' }
);

export type QueryNode =
  | { readonly kind: 'and' | 'or' | 'nor'; readonly nodes: readonly QueryNode[] }
  | { readonly kind: 'not'; readonly node: QueryNode }
  | { readonly kind: 'leaf'; readonly path: string; readonly parts: readonly string[]; readonly test: Test }
  | { readonly kind: 'expression'; readonly matches: (doc: Doc) => boolean };

const discarded: Details = { position: -1 };

/** True if the document satisfies the query; `details` receives the array position of the last array match. */
export function matchNode(node: QueryNode, doc: Doc, details: Details = discarded): boolean {
  switch (node.kind) {
    case 'and':
      return node.nodes.every((child) => matchNode(child, doc, details));
    case 'or':
      return node.nodes.some((child) => matchNode(child, doc, details));
    case 'nor':
      return !node.nodes.some((child) => matchNode(child, doc));
    case 'not':
      return !matchNode(node.node, doc);
    case 'expression':
      return node.matches(doc);
    case 'leaf':
      return matchLeaf(node.parts, node.test, doc, details);
  }
}

function matchLeaf(parts: readonly string[], test: Test, doc: Doc, details: Details): boolean {
  return walk(doc, parts, test.expand, (value, index) => {
    const inner: Details = { position: -1 };
    if (!test.matches(value, inner)) return false;
    if (index >= 0) details.position = index;
    else if (inner.position >= 0) details.position = inner.position;
    return true;
  });
}
