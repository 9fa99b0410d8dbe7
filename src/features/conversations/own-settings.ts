import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Membership } from '../../views/membership.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { UpdateSettings } from '@causerie/contract/conversations';
import type { ReadPositions } from './read-positions.js';
import type { MemberRow, MemberRepository, MemberSettings } from '../../repositories/members/member-repository.js';
import type { PendingSource } from '../../log/overlay.js';

interface Deps {
  conversations: Pick<ConversationRepository, 'raiseCannotSee'>;
  members: Pick<MemberRepository, 'change' | 'hide'>;
  log: Pick<PendingSource, 'flushed'>;
  requireMembership(userId: string, conversationId: string): Promise<Membership>;
  readPositions: Pick<ReadPositions, 'publishOwnState'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** What a person sets for himself in a conversation. */
export interface OwnSettings {
  /** Changes what is given; throws `not_found`. */
  update(actor: Actor, conversationId: string, settings: UpdateSettings): Promise<void>;
  /** Empties a conversation for the caller and hides it until its next message; throws `not_found`. */
  hide(actor: Actor, conversationId: string): Promise<void>;
}

function changesOf({ mutedUntil, archived, pinned, markedUnread }: UpdateSettings, member: MemberRow): MemberSettings {
  const until = typeof mutedUntil === 'string' ? new Date(mutedUntil) : mutedUntil;
  return {
    ...(until === undefined || until?.getTime() === member.mutedUntil?.getTime() ? {} : { mutedUntil: until }),
    ...(archived === undefined || archived === member.archived ? {} : { archived }),
    ...(pinned === undefined || pinned === member.pinned ? {} : { pinned }),
    ...(markedUnread === undefined || markedUnread === member.markedUnread ? {} : { markedUnread }),
  };
}

/** Builds the own settings of conversations. */
export function createOwnSettings({
  conversations,
  members,
  log,
  requireMembership,
  readPositions,
  bus,
}: Deps): OwnSettings {
  /** The row as it is when all that this process knows of it is written. */
  async function flushedMembership(userId: string, conversationId: string): Promise<Membership> {
    await log.flushed();
    return requireMembership(userId, conversationId);
  }

  return {
    async update(actor, conversationId, settings) {
      const { member } = await flushedMembership(actor.userId, conversationId);
      const changes = changesOf(settings, member);
      if (Object.keys(changes).length === 0) return;
      await members.change(member._id, changes);
      await readPositions.publishOwnState(actor.userId, conversationId, actor.socketId);
    },
    async hide({ userId, socketId }, conversationId) {
      const { member, conversation } = await flushedMembership(userId, conversationId);
      await conversations.raiseCannotSee(conversation._id, conversation.seq);
      if (!(await members.hide(member._id, conversation.seq))) return;
      if (member.hasNotified) bus.publish('conversation.read', { userId, conversationId, seq: conversation.seq });
      bus.publish('conversation.removed', { userId, conversationId, reason: 'hidden', originSocketId: socketId });
    },
  };
}
