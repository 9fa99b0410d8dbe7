import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Me, UpdatePrivacy } from '@causerie/contract/users';
import type { Users } from '../users/users.service.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';

interface Deps {
  conversations: Pick<ConversationRepository, 'byIds'>;
  members: Pick<MemberRepository, 'groupsOf' | 'freezeReceipts' | 'unstand'>;
  users: Pick<Users, 'setPrivacy' | 'hidingAmong' | 'me'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

export interface ReceiptPrivacy {
  /** Changes the own privacy. Who hides what he reads is shown the reading of others in his groups as it stood then. */
  set(actor: Actor, changes: UpdatePrivacy): Promise<Me>;
  /** The same for people who have just come into groups, some of whom may hide what they read. */
  standIn(userIds: readonly string[]): Promise<void>;
}

/** Builds the setting of privacy, as far as marks follow from it. */
export function createReceiptPrivacy({ conversations, members, users, bus }: Deps): ReceiptPrivacy {
  async function groupsOf(userId: string) {
    const pairs = await members.groupsOf([userId]);
    return conversations.byIds(pairs.map(({ conversationId }) => conversationId));
  }

  async function stand(userId: string): Promise<void> {
    const groups = await groupsOf(userId);
    await members.freezeReceipts(
      userId,
      groups.map(({ _id, seq, reachedReadSeq }) => ({
        conversationId: _id,
        stood: { seq, readSeq: reachedReadSeq },
      })),
    );
  }

  /** His devices learn what all have reached meanwhile. */
  async function showAgain(userId: string): Promise<void> {
    await members.unstand(userId);
    for (const { _id, reachedDeliveredSeq: deliveredSeq, reachedReadSeq: readSeq } of await groupsOf(userId)) {
      const receipts = { conversationId: String(_id), userId: null, deliveredSeq, readSeq };
      bus.publish('receipt.updated', { ...receipts, toUserIds: [userId], except: [] });
    }
  }

  return {
    async set({ userId }, changes) {
      const before = (await users.me(userId)).privacy.readReceipts;
      // Before and after: nothing is shown beyond it, and who comes into a group meanwhile is not forgotten.
      if (changes.readReceipts === false) await stand(userId);
      const me = await users.setPrivacy(userId, changes);
      if (changes.readReceipts === false) await stand(userId);
      if (changes.readReceipts === true && !before) await showAgain(userId);
      return me;
    },
    async standIn(userIds) {
      for (const userId of await users.hidingAmong(userIds)) await stand(userId);
    },
  };
}
