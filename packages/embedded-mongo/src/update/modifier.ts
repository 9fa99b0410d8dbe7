/** What an update operator is. */
import type { Doc, Value } from '../bson/value.js';
import type { Scope } from '../expr/expression.js';

export interface Moment {
  readonly insert: boolean;
  /** The document's `_id`, for messages. */
  readonly id: string;
}

/** Changes one place of a document. */
export type Apply = (doc: Doc, parts: readonly string[], moment: Moment) => void;

/** Checks an operand and makes it ready; throws MongoDB's code for an operand it refuses. */
export type Modifier = (operand: Value, path: string, scope: Scope) => Apply;
