import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { invalidInput } from '../../kernel/problem.js';
import { settingsOf } from '../../views/conversation-views.js';
import type { Membership } from '../../views/membership.js';
import { type Counting, type Counts, countsIn } from '../../views/counting.js';
import type { GroupReceipts } from '../../log/group-receipts.js';
import type { Shows } from '../../rules/people.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { ReadResult } from '@causerie/contract/conversations';
import type { ReceiptKind, MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import type { PendingSource } from '../../log/overlay.js';

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'raiseHeads'>;
    members: Pick<MemberRepository, 'raiseReceipt' | 'clearMarkedUnread'>;
  };
  log: Pick<PendingSource, 'flushed'>;
  requireMembership(userId: string, conversationId: string): Promise<Membership>;
  counting: Pick<Counting, 'of'>;
  groupReceipts: Pick<GroupReceipts, 'raise'>;
  permissionsOf(membership: Membership): Promise<{ shows: Shows }>;
  /** The last number of a conversation in its log. */
  lastSeq(conversationId: string): Promise<number>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** What a person does to his own marks: only forward, and never beyond what there is. */
export interface ReadPositions {
  /** Marks messages read, which is delivered too. Throws `not_found`, and `invalid_input` beyond the last message. */
  read(actor: Actor, conversationId: string, seq: number): Promise<ReadResult>;
  delivered(actor: Actor, conversationId: string, seq: number): Promise<{ deliveredSeq: number }>;
  /** Tells the own devices how a conversation stands for them now. */
  publishOwnState(userId: string, conversationId: string, originSocketId?: string): Promise<void>;
}

const beyond = {
  en: 'This message does not exist yet.',
  fr: 'Ce message n’existe pas encore.',
};

function isMoved(before: MemberRow, after: MemberRow): boolean {
  return after.shownReadSeq > before.shownReadSeq || after.shownDeliveredSeq > before.shownDeliveredSeq;
}

/** A mark above the head asks the log itself before it is refused: the head may only be behind. */
async function requireThere({ repositories, lastSeq }: Deps, { conversation }: Membership, seq: number): Promise<void> {
  if (seq <= conversation.seq) return;
  const conversationId = String(conversation._id);
  const last = await lastSeq(conversationId);
  if (seq > last) throw invalidInput('body.seq', beyond);
  await repositories.conversations.raiseHeads(
    [{ conversationId, seq: last, rev: 0, lastActivityAt: conversation.lastActivityAt, lastUncountedSeq: 0 }],
    true,
  );
}

/** Builds the marks of a server. */
export function createReadPositions(deps: Deps): ReadPositions {
  const { repositories, log, requireMembership, counting, groupReceipts, permissionsOf, bus } = deps;

  async function countsOf(userId: string, membership: Membership): Promise<Counts> {
    return countsIn(await counting.of(userId, [membership]), membership);
  }

  async function publishOwnState(userId: string, conversationId: string, originSocketId?: string): Promise<void> {
    const membership = await requireMembership(userId, conversationId);
    bus.publish('conversation.settings', {
      userId,
      conversationId,
      settings: settingsOf(membership.member),
      readSeq: membership.member.readSeq,
      deliveredSeq: membership.member.deliveredSeq,
      ...(await countsOf(userId, membership)),
      originSocketId,
    });
  }

  /** The other one is told; in a group, what all have reached may have risen with the mark of the last one. */
  async function announceReceipt(membership: Membership, after: MemberRow): Promise<void> {
    if (!isMoved(membership.member, after)) return;
    if (membership.conversation.type === 'group') return groupReceipts.raise([String(membership.conversation._id)]);
    if (!membership.other) return;
    bus.publish('receipt.updated', {
      conversationId: String(membership.conversation._id),
      userId: String(after.userId),
      toUserIds: [String(membership.other.userId)],
      except: [],
      deliveredSeq: after.shownDeliveredSeq,
      readSeq: after.shownReadSeq,
    });
  }

  async function raise(actor: Actor, conversationId: string, kind: ReceiptKind, seq: number): Promise<Membership> {
    const membership = await requireMembership(actor.userId, conversationId);
    await requireThere(deps, membership, seq);
    const { shows } = await permissionsOf(membership);
    // The own row is written last of all that this process knows of it.
    await log.flushed();
    const after = await repositories.members.raiseReceipt(membership.member._id, { kind, seq, shows });
    const isCleared =
      after === null && kind === 'read' && (await repositories.members.clearMarkedUnread(membership.member._id));
    if (after) await announceReceipt(membership, after);
    if (after && kind === 'read' && membership.member.hasNotified)
      bus.publish('conversation.read', { userId: actor.userId, conversationId, seq: after.readSeq });
    if (after ?? isCleared) await publishOwnState(actor.userId, conversationId, actor.socketId);
    return requireMembership(actor.userId, conversationId);
  }

  return {
    publishOwnState,
    async read(actor, conversationId, seq) {
      const membership = await raise(actor, conversationId, 'read', seq);
      const { readSeq, deliveredSeq } = membership.member;
      return { readSeq, deliveredSeq, ...(await countsOf(actor.userId, membership)) };
    },
    async delivered(actor, conversationId, seq) {
      const { member } = await raise(actor, conversationId, 'delivered', seq);
      return { deliveredSeq: member.deliveredSeq };
    },
  };
}
