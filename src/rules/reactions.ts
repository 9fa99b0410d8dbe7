import type { ProblemCode } from '@causerie/contract/problem-codes';

/** How many different emoji a message can have. */
export const maxEmoji = 20;

/** Why nobody may react to a message that he can see; null if one may. */
export function reactRefusal({ isSystem, isDeleted }: { isSystem: boolean; isDeleted: boolean }): ProblemCode | null {
  return isSystem || isDeleted ? 'forbidden' : null;
}
