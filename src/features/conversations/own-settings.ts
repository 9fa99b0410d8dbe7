import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { Held } from '../../views/held.js';
import type { ConversationRows } from './conversations.model.js';
import type { UpdateSettings } from './conversations.schemas.js';
import type { Marks } from './marks.js';
import type { MemberRow, MemberRows, OwnChanges } from './members.model.js';
import type { Known } from './standing.js';

interface Deps {
  conversations: Pick<ConversationRows, 'raiseBlind'>;
  members: Pick<MemberRows, 'change' | 'hide'>;
  log: Pick<Known, 'flushed'>;
  standingOf(userId: string, conversationId: string): Promise<Held>;
  marks: Pick<Marks, 'announceOwn'>;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

/** What a person sets for himself in a conversation. */
export interface OwnSettings {
  /** Changes what is given; throws `not_found`. */
  update(actor: Actor, conversationId: string, settings: UpdateSettings): Promise<void>;
  /** Empties a conversation for the caller and hides it until its next message; throws `not_found`. */
  hide(actor: Actor, conversationId: string): Promise<void>;
}

function changesOf({ mutedUntil, archived, pinned, markedUnread }: UpdateSettings, member: MemberRow): OwnChanges {
  const until = typeof mutedUntil === 'string' ? new Date(mutedUntil) : mutedUntil;
  return {
    ...(until === undefined || until?.getTime() === member.mutedUntil?.getTime() ? {} : { mutedUntil: until }),
    ...(archived === undefined || archived === member.archived ? {} : { archived }),
    ...(pinned === undefined || pinned === member.pinned ? {} : { pinned }),
    ...(markedUnread === undefined || markedUnread === member.markedUnread ? {} : { markedUnread }),
  };
}

/** Builds the own settings of conversations. */
export function createOwnSettings({ conversations, members, log, standingOf, marks, bus }: Deps): OwnSettings {
  /** The row as it is when all that this process knows of it is written. */
  async function settled(userId: string, conversationId: string): Promise<Held> {
    await log.flushed();
    return standingOf(userId, conversationId);
  }

  return {
    async update(actor, conversationId, settings) {
      const { member } = await settled(actor.userId, conversationId);
      const changes = changesOf(settings, member);
      if (Object.keys(changes).length === 0) return;
      await members.change(member._id, changes);
      await marks.announceOwn(actor.userId, conversationId, actor.socketId);
    },
    async hide({ userId, socketId }, conversationId) {
      const { member, conversation } = await settled(userId, conversationId);
      await conversations.raiseBlind(conversation._id, conversation.seq);
      if (!(await members.hide(member._id, conversation.seq))) return;
      if (member.hasNotified) bus.publish('conversation.read', { userId, conversationId, seq: conversation.seq });
      bus.publish('conversation.removed', { userId, conversationId, reason: 'hidden', originSocketId: socketId });
    },
  };
}
