/** What all members of a group have reached: the lowest marks that they show, kept on its row and only ever raised. */
import { toId } from '../repositories/ids.js';
import type { ConversationRow, ConversationRepository } from '../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../repositories/members/member-repository.js';

export interface GroupReceipts {
  /** Whether a conversation is a group; null where there is none. */
  typeOf(conversationId: string): Promise<ConversationRow['type'] | null>;
  /** Raises what the groups among these conversations have reached; tells who listens of those where it rose. */
  raise(conversationIds: readonly string[]): Promise<void>;
  /** Hears of groups where it rose. */
  onRisen(listener: (conversationId: string) => void): void;
}

interface Deps {
  conversations: Pick<ConversationRepository, 'typeOf' | 'raiseMinReceipts'>;
  members: Pick<MemberRepository, 'minShownReceipts'>;
}

/** So many types are kept in memory; a conversation never changes its own. */
const keptTypes = 100_000;

/** Gives what one process knows and raises. */
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

  /** Asked again after it was stored, until it no longer rises: marks move meanwhile. */
  async function raiseOne(conversationId: string): Promise<void> {
    if ((await typeOf(conversationId)) !== 'group') return;
    const _id = toId(conversationId);
    let hasRisen = false;
    for (;;) {
      const lowest = await members.minShownReceipts(_id);
      if (!lowest || Math.max(lowest.deliveredSeq, lowest.readSeq) === 0) break;
      if (!(await conversations.raiseMinReceipts(_id, lowest))) break;
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
