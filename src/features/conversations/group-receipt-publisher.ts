import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { GroupReceipts } from '../../log/group-receipts.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';

const publishEveryMs = 1000;

interface Deps {
  conversations: Pick<ConversationRepository, 'byId'>;
  members: Pick<MemberRepository, 'hidersIn'>;
  groupReceipts: Pick<GroupReceipts, 'onRisen'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** Tells all members of a group what all of them have reached: at once, and then at most once a second. */
export function publishGroupReceipts({ conversations, members, groupReceipts, bus }: Deps): void {
  /** The groups of which nothing is told for now, and whether there is something new to tell then. */
  const pauses = new Map<string, boolean>();

  async function publish(conversationId: string): Promise<void> {
    const row = await conversations.byId(conversationId);
    if (row?.state !== 'active') return;
    const { reachedDeliveredSeq: deliveredSeq, reachedReadSeq: readSeq } = row;
    // Who hides what he reads is shown the reading of others as it stood.
    const except = (await members.hidersIn(row._id)).map(({ userId, stood }) => ({
      userId: String(userId),
      readSeq: Math.min(readSeq, stood.readSeq),
    }));
    bus.publish('receipt.updated', { conversationId, userId: null, toUserIds: null, except, deliveredSeq, readSeq });
  }

  function risen(conversationId: string): void {
    if (pauses.has(conversationId)) return void pauses.set(conversationId, true);
    pauses.set(conversationId, false);
    // What cannot be told now is read by whoever asks, and told when it rises again.
    publish(conversationId).catch(() => undefined);
    setTimeout(() => {
      const isDue = pauses.get(conversationId);
      pauses.delete(conversationId);
      if (isDue) risen(conversationId);
    }, publishEveryMs).unref();
  }

  groupReceipts.onRisen(risen);
}
