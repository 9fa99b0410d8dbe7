import { notFound } from '../../kernel/problem.js';
import type { ConversationRow, ConversationRows } from './conversations.model.js';
import type { HiddenRows } from './hidden.model.js';
import type { MemberRows } from './members.model.js';

/** Who is told of the messages of a conversation. */
export interface Audience {
  type: ConversationRow['type'];
  /** The members of a direct conversation; empty for a group, which has a room. */
  userIds: string[];
  /** Who of them cannot see the message of a number. */
  blindTo(seq: number): Promise<string[]>;
}

interface Deps {
  conversations: Pick<ConversationRows, 'byId'>;
  members: Pick<MemberRows, 'blindTo'>;
  hidden: Pick<HiddenRows, 'blindTo'>;
}

/** Builds the question who hears of a conversation; throws `not_found` where there is none. */
export function createAudience({ conversations, members, hidden }: Deps) {
  return async function audienceOf(conversationId: string): Promise<Audience> {
    const row = await conversations.byId(conversationId);
    if (!row) throw notFound();
    const { _id } = row;
    return {
      type: row.type,
      userIds: row.userIds.map(String),
      async blindTo(seq) {
        if (seq > row.lastBlindSeq) return [];
        const blind = await Promise.all([members.blindTo(_id, seq), hidden.blindTo(_id, seq)]);
        return [...new Set(blind.flat())];
      },
    };
  };
}
