import type { ProblemCode } from '@causerie/contract/problem-codes';

/** What decides whether a user who can see a message may change it. */
export interface ChangeContext {
  isAuthor: boolean;
  isSystem: boolean;
  /** Whether the user ranks above the author: only in a group. */
  isAbove: boolean;
  isDeleted: boolean;
  /** How long ago it was sent: milliseconds. */
  ageMs: number;
  /** How long the change is allowed: milliseconds, 0 for ever. */
  windowMs: number;
}

function isOver({ ageMs, windowMs }: ChangeContext): boolean {
  return windowMs > 0 && ageMs > windowMs;
}

/** Why a user may not edit a message; null if they may. */
export function refusalOfEdit(context: ChangeContext): ProblemCode | null {
  if (!context.isAuthor || context.isSystem || context.isDeleted) return 'forbidden';
  return isOver(context) ? 'edit_window_expired' : null;
}

/** Why a user may not delete a message for everyone; null if they may. */
export function refusalOfDeletion(context: ChangeContext): ProblemCode | null {
  if (context.isSystem) return 'forbidden';
  if (context.isAbove) return null;
  if (!context.isAuthor) return 'forbidden';
  return isOver(context) ? 'delete_window_expired' : null;
}
