import type { Membership } from '../../views/membership.js';
import { startOf } from '../../rules/conversations.js';
import type { Entry } from './sync-cursor.js';

/** One conversation that is not as a device knows it; `before` is null where the device does not know it. */
export interface Step {
  membership: Membership;
  before: Entry | null;
}

/** One that the device knows. */
export type KnownStep = Step & { before: Entry };

export const idOf = ({ membership }: Step): string => membership.conversation._id;

export const isKnown = (step: Step): step is KnownStep => step.before !== null;

/** Whether what the device holds of this conversation still begins where it began: it can go on from there. */
export const isContinued = ({ membership, before }: KnownStep): boolean => before.start === startOf(membership.member);

/** Values by the conversation that they belong to. */
export function grouped<Row extends { conversationId: { toString(): string } }>(
  rows: readonly Row[],
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = String(row.conversationId);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
