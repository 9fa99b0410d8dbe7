import { notFound } from '../../kernel/problem.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';

/** Who is told of the messages of a conversation. */
export interface Audience {
  type: ConversationRow['type'];
  /** The members of a direct conversation; empty for a group, which has a room. */
  userIds: string[];
  /** Who of them cannot see the message of a number. */
  cannotSee(seq: number): Promise<string[]>;
}

interface Deps {
  conversations: Pick<ConversationRepository, 'byId'>;
  members: Pick<MemberRepository, 'cannotSee'>;
  hidden: Pick<HiddenRepository, 'cannotSee'>;
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
      async cannotSee(seq) {
        if (seq > row.lastBlindSeq) return [];
        const cannotSee = await Promise.all([members.cannotSee(_id, seq), hidden.cannotSee(_id, seq)]);
        return [...new Set(cannotSee.flat())];
      },
    };
  };
}
