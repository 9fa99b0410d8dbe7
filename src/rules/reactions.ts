import type { ProblemCode } from '@causerie/contract/problem-codes';

/** How many different emoji a message can have. */
export const maxEmoji = 20;

/** Why nobody may react to a message; null if a user who can see it may. */
export function refusalOfReaction(message: { isSystem: boolean; isDeleted: boolean }): ProblemCode | null {
  return message.isSystem || message.isDeleted ? 'forbidden' : null;
}
