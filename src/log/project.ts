/** Writes what follows from the log: the heads of conversations, the receipts of senders, and the lowest receipts of groups. */
import type { ConversationRepository, Head } from '../repositories/conversations/conversation-repository.js';
import type { MemberRepository, SenderReceipt } from '../repositories/members/member-repository.js';

/** The lowest receipts that all members of a group show, stored on its row and only ever raised. */
export interface GroupReceipts {
  /** Raises the receipts of the groups among these conversations; the listener is called for each that rose. */
  raise(conversationIds: readonly string[]): Promise<void>;
  /** Sets the listener for groups whose receipts rose. */
  onRisen(listener: (conversationId: string) => void): void;
}

interface GroupReceiptsDeps {
  conversations: Pick<ConversationRepository, 'typeOf' | 'raiseMinReceipts'>;
  members: Pick<MemberRepository, 'minShownReceipts'>;
}

export function createGroupReceipts({ conversations, members }: GroupReceiptsDeps): GroupReceipts {
  let onRisen: (conversationId: string) => void = () => undefined;

  /** Repeats until nothing rises, because receipts may move during a write. */
  async function raiseOne(conversationId: string): Promise<void> {
    if ((await conversations.typeOf(conversationId)) !== 'group') return;
    let hasRisen = false;
    for (;;) {
      const lowest = await members.minShownReceipts(conversationId);
      if (!lowest || Math.max(lowest.deliveredSeq, lowest.readSeq) === 0) break;
      if (!(await conversations.raiseMinReceipts(conversationId, lowest))) break;
      hasRisen = true;
    }
    if (hasRisen) onRisen(conversationId);
  }

  return {
    async raise(conversationIds) {
      await Promise.all(conversationIds.map(raiseOne));
    },
    onRisen(listener) {
      onRisen = listener;
    },
  };
}

export interface ProjectionTargets {
  conversations: Pick<ConversationRepository, 'raiseHeads'>;
  members: Pick<MemberRepository, 'raiseSent'>;
  groupReceipts: Pick<GroupReceipts, 'raise'>;
}

/** Writes receipts before heads, one write for each, however many rows of the log there were; waits for the journal if `isDurable`. */
export async function project(
  { conversations, members, groupReceipts }: ProjectionTargets,
  { heads, receipts }: { heads: readonly Head[]; receipts: readonly SenderReceipt[] },
  isDurable: boolean,
): Promise<void> {
  await members.raiseSent(receipts, isDurable);
  await groupReceipts.raise([...new Set(receipts.map(({ conversationId }) => conversationId))]);
  await conversations.raiseHeads(heads, isDurable);
}
