/** The shape of an update operator. */
import type { Doc, Value } from '../bson/value.js';
import type { Scope } from '../expressions/expression.js';

export interface UpdateContext {
  isInsert: boolean;
  /** The document's `_id`, for error messages. */
  id: string;
}

/** Changes the value at one path of a document. */
export type ApplyChange = (doc: Doc, parts: readonly string[], moment: UpdateContext) => void;

/** Compiles an operand. Throws MongoDB's code for an invalid one. */
export type Modifier = (operand: Value, path: string, scope: Scope) => ApplyChange;
