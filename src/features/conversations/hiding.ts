import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Membership } from '../../views/membership.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import { floorOf } from '../../rules/conversations.js';
import type { HiddenRow, HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { ReadPositions } from './read-positions.js';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'raiseCannotSee'>;
    members: Pick<MemberRepository, 'raiseHidden' | 'incrementRevision' | 'of'>;
    hidden: HiddenRepository;
  };
  requireMembership(userId: string, conversationId: string): Promise<Membership>;
  readPositions: Pick<ReadPositions, 'publishOwnState'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** What a person takes out of his own sight. */
export interface Hiding {
  /** Hides one message on all own devices; nothing if it is hidden. Throws `not_found`. */
  hide(actor: Actor, message: Pick<HiddenRow, '_id' | 'conversationId' | 'seq'>): Promise<void>;
  /** Finishes what was begun before a moment and cut off. */
  completePending(before: Date): Promise<void>;
}

const pageSize = 200;

/** Builds the hiding of messages: the row first, its count second, so that who knows the count finds the row. */
export function createHiding({
  repositories: { conversations, members, hidden },
  requireMembership,
  readPositions,
  bus,
}: Deps): Hiding {
  async function count(row: HiddenRow, member: MemberRow): Promise<void> {
    const memberRevision = await members.incrementRevision(member._id);
    if (memberRevision !== null) await hidden.number(row._id, memberRevision);
  }

  return {
    async hide({ userId, socketId }, { _id, conversationId, seq }) {
      const { member } = await requireMembership(userId, String(conversationId));
      await conversations.raiseCannotSee(conversationId, seq);
      await members.raiseHidden(member._id, seq);
      const row = await hidden.findOrMake({ userId: member.userId, conversationId, seq, messageId: _id });
      if (row.own !== null) return;
      await count(row, member);
      const target = { userId, conversationId: String(conversationId), originSocketId: socketId };
      bus.publish('message.hidden', { ...target, messageIds: [String(_id)] });
      // What was unread counts no more, which his other devices cannot know from the message.
      if (seq > floorOf(member)) await readPositions.publishOwnState(userId, target.conversationId, socketId);
    },
    async completePending(before) {
      for (;;) {
        const rows = await hidden.unfinished(before, pageSize);
        for (const row of rows) {
          const present = await members.of(String(row.conversationId));
          const member = present.find(({ userId }) => userId.equals(row.userId));
          if (member) await count(row, member);
          // Nobody is left to be told: it only has to be out of the way.
          else await hidden.number(row._id, 0);
        }
        if (rows.length < pageSize) return;
      }
    },
  };
}
