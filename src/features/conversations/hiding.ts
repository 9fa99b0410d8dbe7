import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { Held } from '../../views/held.js';
import type { ConversationRows } from './conversations.model.js';
import { floorOf } from './conversations.policy.js';
import type { HiddenRow, HiddenRows } from './hidden.model.js';
import type { Marks } from './marks.js';
import type { MemberRow, MemberRows } from './members.model.js';

interface Deps {
  rows: {
    conversations: Pick<ConversationRows, 'raiseBlind'>;
    members: Pick<MemberRows, 'raiseHidden' | 'countOwn' | 'of'>;
    hidden: HiddenRows;
  };
  standingOf(userId: string, conversationId: string): Promise<Held>;
  marks: Pick<Marks, 'announceOwn'>;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

/** What a person takes out of his own sight. */
export interface Hiding {
  /** Hides one message on all own devices; nothing if it is hidden. Throws `not_found`. */
  hide(actor: Actor, message: Pick<HiddenRow, '_id' | 'conversationId' | 'seq'>): Promise<void>;
  /** Finishes what was begun before a moment and cut off. */
  finishBefore(before: Date): Promise<void>;
}

const pageSize = 200;

/** Builds the hiding of messages: the row first, its count second, so that who knows the count finds the row. */
export function createHiding({ rows: { conversations, members, hidden }, standingOf, marks, bus }: Deps): Hiding {
  async function count(row: HiddenRow, member: MemberRow): Promise<void> {
    const own = await members.countOwn(member._id);
    if (own !== null) await hidden.number(row._id, own);
  }

  return {
    async hide({ userId, socketId }, { _id, conversationId, seq }) {
      const { member } = await standingOf(userId, String(conversationId));
      await conversations.raiseBlind(conversationId, seq);
      await members.raiseHidden(member._id, seq);
      const row = await hidden.findOrMake({ userId: member.userId, conversationId, seq, messageId: _id });
      if (row.own !== null) return;
      await count(row, member);
      const told = { userId, conversationId: String(conversationId), originSocketId: socketId };
      bus.publish('message.hidden', { ...told, messageIds: [String(_id)] });
      // What was unread counts no more, which his other devices cannot know from the message.
      if (seq > floorOf(member)) await marks.announceOwn(userId, told.conversationId, socketId);
    },
    async finishBefore(before) {
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
