/** What is unread, by the formula of what is stored: never a total that could drift. */
import type { HiddenRepository, Place } from '../repositories/hidden/hidden-repository.js';
import { floorOf } from '../rules/conversations.js';
import type { MessageRepository } from '../repositories/messages/message-repository.js';
import type { Membership } from './membership.js';

export interface Counts {
  unreadCount: number;
  mentionCount: number;
}

export interface Counting {
  /** What is unread for one person in each of these conversations, and how much of it mentions him; by conversation. */
  of(viewerId: string, memberships: readonly Membership[]): Promise<Map<string, Counts>>;
}

interface Deps {
  messages: Pick<MessageRepository, 'uncountedWithin' | 'mentionsWithin'>;
  hidden: Pick<HiddenRepository, 'within'>;
  /** Whom somebody has blocked: what they write mentions him no more. */
  blockedBy(userId: string): Promise<string[]>;
}

/** The numbers of some places, by conversation. */
function byConversation(places: readonly Place[]): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const { conversationId, seq } of places) {
    const key = String(conversationId);
    found.set(key, (found.get(key) ?? new Set()).add(seq));
  }
  return found;
}

const none: ReadonlySet<number> = new Set();

/** The counts of one conversation among those that were asked for. */
export function countsIn(counts: ReadonlyMap<string, Counts>, { conversation }: Membership): Counts {
  return counts.get(String(conversation._id)) ?? { unreadCount: 0, mentionCount: 0 };
}

function stretchOf({ conversation, member }: Membership) {
  return { conversationId: conversation._id, above: floorOf(member), upTo: conversation.seq };
}

/** Builds the counts: three queries at most, however many conversations. */
export function createCounting({ messages, hidden, blockedBy }: Deps): Counting {
  return {
    async of(viewerId, memberships) {
      const unread = memberships.filter(({ conversation, member }) => conversation.seq > floorOf(member));
      const tombs = unread.filter(({ conversation, member }) => conversation.lastUncountedSeq > floorOf(member));
      const withHidden = unread.filter(({ member }) => member.lastHiddenSeq > floorOf(member));
      const [uncounted, unseen, mentions] = await Promise.all([
        messages.uncountedWithin(tombs.map(stretchOf)),
        hidden.within(viewerId, withHidden.map(stretchOf)),
        messages.mentionsWithin(viewerId, unread.map(stretchOf)),
      ]);
      const hiddenMessages = byConversation([...uncounted, ...unseen]);
      const blocked = new Set(mentions.length === 0 ? [] : await blockedBy(viewerId));
      const mentioned = byConversation(mentions.filter(({ senderId }) => !blocked.has(String(senderId))));
      const counts = memberships.map((one): [string, Counts] => {
        const key = String(one.conversation._id);
        const { above, upTo } = stretchOf(one);
        const away = hiddenMessages.get(key) ?? none;
        const mentionCount = [...(mentioned.get(key) ?? none)].filter((seq) => !away.has(seq)).length;
        return [key, { unreadCount: Math.max(0, upTo - above - away.size), mentionCount }];
      });
      return new Map(counts);
    },
  };
}
