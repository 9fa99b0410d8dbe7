import type { ProblemCode } from '../../kernel/problem.js';

/** What the rules of changing a message go by. */
export interface ChangeFacts {
  isAuthor: boolean;
  isSystem: boolean;
  /** Whether the caller's rank is above that of the author: only in a group. */
  isAbove: boolean;
  isDeleted: boolean;
  /** How long ago it was sent, and for how long that is allowed; 0 is for ever. Milliseconds. */
  ageMs: number;
  windowMs: number;
}

function isOver({ ageMs, windowMs }: ChangeFacts): boolean {
  return windowMs > 0 && ageMs > windowMs;
}

/** Why somebody may not edit a message that he can see; null if he may. */
export function editRefusal(facts: ChangeFacts): ProblemCode | null {
  if (!facts.isAuthor || facts.isSystem || facts.isDeleted) return 'forbidden';
  return isOver(facts) ? 'edit_window_expired' : null;
}

/** Why somebody may not delete a message for everyone that he can see; null if he may. */
export function deleteRefusal(facts: ChangeFacts): ProblemCode | null {
  if (facts.isSystem) return 'forbidden';
  if (facts.isAbove) return null;
  if (!facts.isAuthor) return 'forbidden';
  return isOver(facts) ? 'delete_window_expired' : null;
}
