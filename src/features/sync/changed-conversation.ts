/** Compares the conversations of a user with what a device knows of them; equal numbers cost no read of content. */
import { groupBy } from '../../kernel/group-by.js';
import { startOf } from '../../rules/conversations.js';
import { type Membership, minReceiptsOf } from '../../views/membership.js';
import type { ConversationState } from './sync-cursor.js';

/** A conversation that differs from what a device knows of it. */
export interface ChangedConversation {
  membership: Membership;
  /** What the device knows; null if it does not know the conversation. */
  known: ConversationState | null;
}

/** A changed conversation of which the device holds an older state. */
export type StaleConversation = ChangedConversation & { known: ConversationState };

/** What a device knows of a conversation once it has everything. */
export function stateOf(membership: Membership): ConversationState {
  const { conversation, member } = membership;
  const { deliveredSeq, readSeq } = minReceiptsOf(membership);
  return {
    cursorIndex: member.slot,
    seq: conversation.seq,
    rev: conversation.rev,
    memberRevision: member.own,
    receiptSum: deliveredSeq + readSeq,
    start: startOf(member),
  };
}

function isSame(a: ConversationState, b: ConversationState): boolean {
  return (
    a.seq === b.seq &&
    a.rev === b.rev &&
    a.memberRevision === b.memberRevision &&
    a.receiptSum === b.receiptSum &&
    a.start === b.start
  );
}

function byLatestActivity(a: Membership, b: Membership): number {
  const later = b.conversation.lastActivityAt.getTime() - a.conversation.lastActivityAt.getTime();
  return later || (a.conversation._id < b.conversation._id ? 1 : -1);
}

/** The conversations that differ from the known states, which are found by cursor index; the latest activity first. */
export function findChanged(
  memberships: readonly Membership[],
  states: ReadonlyMap<number, ConversationState>,
): ChangedConversation[] {
  return memberships
    .map((membership) => ({ membership, known: states.get(membership.member.slot) ?? null }))
    .filter(({ membership, known }) => known === null || !isSame(known, stateOf(membership)))
    .sort((a, b) => byLatestActivity(a.membership, b.membership));
}

export const idOf = ({ membership }: ChangedConversation): string => membership.conversation._id;

export const isStale = (changed: ChangedConversation): changed is StaleConversation => changed.known !== null;

/** Whether the device can keep what it holds: the start of the member has not moved since. */
export const canContinue = ({ membership, known }: StaleConversation): boolean =>
  known.start === startOf(membership.member);

export const byConversation = <Row extends { conversationId: string }>(rows: readonly Row[]): Map<string, Row[]> =>
  groupBy(rows, ({ conversationId }) => conversationId);
