import type { Facts } from '../../facts.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { Reached } from '../../log/reached.js';
import type { ConversationRows } from './conversations.model.js';
import type { MemberRows } from './members.model.js';

const tellEveryMs = 1000;

interface Deps {
  conversations: Pick<ConversationRows, 'byId'>;
  members: Pick<MemberRows, 'hidersIn'>;
  reached: Pick<Reached, 'onRisen'>;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

/** Tells all members of a group what all of them have reached: at once, and then at most once a second. */
export function tellReached({ conversations, members, reached, bus }: Deps): void {
  /** The groups of which nothing is told for now, and whether there is something new to tell then. */
  const pauses = new Map<string, boolean>();

  async function tell(conversationId: string): Promise<void> {
    const row = await conversations.byId(conversationId);
    if (row?.state !== 'active') return;
    const { reachedDeliveredSeq: deliveredSeq, reachedReadSeq: readSeq } = row;
    // Who hides what he reads is shown the reading of others as it stood.
    const apart = (await members.hidersIn(row._id)).map(({ userId, stood }) => ({
      userId: String(userId),
      readSeq: Math.min(readSeq, stood.readSeq),
    }));
    bus.publish('receipt.updated', { conversationId, userId: null, toUserIds: null, apart, deliveredSeq, readSeq });
  }

  function risen(conversationId: string): void {
    if (pauses.has(conversationId)) return void pauses.set(conversationId, true);
    pauses.set(conversationId, false);
    // What cannot be told now is read by whoever asks, and told when it rises again.
    tell(conversationId).catch(() => undefined);
    setTimeout(() => {
      const isDue = pauses.get(conversationId);
      pauses.delete(conversationId);
      if (isDue) risen(conversationId);
    }, tellEveryMs).unref();
  }

  reached.onRisen(risen);
}
