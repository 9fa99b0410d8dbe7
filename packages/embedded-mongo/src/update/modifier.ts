/** What an update operator is. */
import type { Doc, Value } from '../bson/value.js';
import type { Scope } from '../expressions/expression.js';

export interface UpdateContext {
  isInsert: boolean;
  /** The document's `_id`, for messages. */
  id: string;
}

/** Changes one place of a document. */
export type ApplyChange = (doc: Doc, parts: readonly string[], moment: UpdateContext) => void;

/** Checks an operand and makes it ready; throws MongoDB's code for an operand it refuses. */
export type Modifier = (operand: Value, path: string, scope: Scope) => ApplyChange;
