import type { Me, UpdatePrivacy } from '@causerie/contract/users';
import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { Users } from '../users/users.service.js';

export interface ReceiptPrivacy {
  /**
   * Changes the caller's privacy. Users who hide their reading see the reading of others in their groups only up to
   * where it was at that moment: their frozen receipts.
   */
  updatePrivacy(actor: Actor, changes: UpdatePrivacy): Promise<Me>;
  /** Called when users join groups: freezes the receipts of those among them who hide their reading. */
  freezeReceiptsOf(userIds: readonly string[]): Promise<void>;
}

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'byIds'>;
    members: Pick<MemberRepository, 'groupsOf' | 'freezeReceipts' | 'unfreezeReceipts'>;
  };
  users: Pick<Users, 'setPrivacy' | 'hidingAmong' | 'me'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

export function createReceiptPrivacy({ repositories, users, bus }: Deps): ReceiptPrivacy {
  const { conversations, members } = repositories;

  async function groupsOf(userId: string): Promise<ConversationRow[]> {
    const pairs = await members.groupsOf([userId]);
    return conversations.byIds(pairs.map(({ conversationId }) => conversationId));
  }

  async function freeze(userId: string): Promise<void> {
    const groups = await groupsOf(userId);
    await members.freezeReceipts(
      userId,
      groups.map((group) => ({
        conversationId: group._id,
        frozenReceipts: { seq: group.seq, readSeq: group.reachedReadSeq },
      })),
    );
  }

  /** Shows the user's devices the receipts that groups have reached meanwhile. */
  async function unfreeze(userId: string): Promise<void> {
    await members.unfreezeReceipts(userId);
    for (const { _id, reachedDeliveredSeq: deliveredSeq, reachedReadSeq: readSeq } of await groupsOf(userId)) {
      const receipts = { conversationId: _id, userId: null, deliveredSeq, readSeq };
      bus.publish('receipt.updated', { ...receipts, toUserIds: [userId], except: [] });
    }
  }

  return {
    async updatePrivacy({ userId }, changes) {
      const before = (await users.me(userId)).privacy.readReceipts;
      // Before and after: nothing beyond is shown, and groups that the user joins meanwhile are frozen too.
      if (changes.readReceipts === false) await freeze(userId);
      const me = await users.setPrivacy(userId, changes);
      if (changes.readReceipts === false) await freeze(userId);
      if (changes.readReceipts === true && !before) await unfreeze(userId);
      return me;
    },
    async freezeReceiptsOf(userIds) {
      for (const userId of await users.hidingAmong(userIds)) await freeze(userId);
    },
  };
}
