import type { ProblemCode } from '@causerie/contract/problem-codes';

/** What the rules of changing a message go by. */
export interface ChangeContext {
  isAuthor: boolean;
  isSystem: boolean;
  /** Whether the caller's rank is above that of the author: only in a group. */
  isAbove: boolean;
  isDeleted: boolean;
  /** How long ago it was sent, and for how long that is allowed; 0 is for ever. Milliseconds. */
  ageMs: number;
  windowMs: number;
}

function isOver({ ageMs, windowMs }: ChangeContext): boolean {
  return windowMs > 0 && ageMs > windowMs;
}

/** Why somebody may not edit a message that he can see; null if he may. */
export function editRefusal(context: ChangeContext): ProblemCode | null {
  if (!context.isAuthor || context.isSystem || context.isDeleted) return 'forbidden';
  return isOver(context) ? 'edit_window_expired' : null;
}

/** Why somebody may not delete a message for everyone that he can see; null if he may. */
export function deleteRefusal(context: ChangeContext): ProblemCode | null {
  if (context.isSystem) return 'forbidden';
  if (context.isAbove) return null;
  if (!context.isAuthor) return 'forbidden';
  return isOver(context) ? 'delete_window_expired' : null;
}
