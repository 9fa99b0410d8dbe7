/** The lowest receipts that all members of a group show, stored on its row and only ever raised. */
import type { ConversationRow, ConversationRepository } from '../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../repositories/members/member-repository.js';

export interface GroupReceipts {
  /** The type of a conversation; null if it does not exist. */
  typeOf(conversationId: string): Promise<ConversationRow['type'] | null>;
  /** Raises the receipts of the groups among these conversations; the listener is called for each that rose. */
  raise(conversationIds: readonly string[]): Promise<void>;
  /** Sets the listener for groups whose receipts rose. */
  onRisen(listener: (conversationId: string) => void): void;
}

interface Deps {
  conversations: Pick<ConversationRepository, 'typeOf' | 'raiseMinReceipts'>;
  members: Pick<MemberRepository, 'minShownReceipts'>;
}

/** How many types are kept in memory; the type of a conversation never changes. */
const keptTypes = 100_000;

export function createGroupReceipts({ conversations, members }: Deps): GroupReceipts {
  const types = new Map<string, ConversationRow['type']>();
  let onRisen: (conversationId: string) => void = () => undefined;

  async function typeOf(conversationId: string): Promise<ConversationRow['type'] | null> {
    const known = types.get(conversationId);
    if (known) return known;
    const type = await conversations.typeOf(conversationId);
    if (types.size >= keptTypes) types.clear();
    if (type) types.set(conversationId, type);
    return type;
  }

  /** Reads again after each write until nothing rises any more: receipts move in the meantime. */
  async function raiseOne(conversationId: string): Promise<void> {
    if ((await typeOf(conversationId)) !== 'group') return;
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
    typeOf,
    async raise(conversationIds) {
      await Promise.all(conversationIds.map(raiseOne));
    },
    onRisen(listener) {
      onRisen = listener;
    },
  };
}
