/** Unread counts, computed from stored messages: never a stored total that could drift. */
import type { HiddenRepository, Place } from '../repositories/hidden/hidden-repository.js';
import { floorOf } from '../rules/conversations.js';
import type { MessageRepository } from '../repositories/messages/message-repository.js';
import type { Membership } from './membership.js';

export interface Counts {
  unreadCount: number;
  mentionCount: number;
}

export interface Counting {
  /** The unread messages of a user in each of these conversations, and those that mention the user; by conversation. */
  of(viewerId: string, memberships: readonly Membership[]): Promise<Map<string, Counts>>;
}

interface Deps {
  messages: Pick<MessageRepository, 'uncountedWithin' | 'mentionsWithin'>;
  hidden: Pick<HiddenRepository, 'within'>;
  /** The users whom a user has blocked: their messages do not count as mentions. */
  blockedBy(userId: string): Promise<string[]>;
}

/** The `seq` of each place, by conversation. */
function byConversation(places: readonly Place[]): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const { conversationId, seq } of places) {
    const key = conversationId;
    found.set(key, (found.get(key) ?? new Set()).add(seq));
  }
  return found;
}

const none: ReadonlySet<number> = new Set();

/** The counts of one conversation; zero if it was not counted. */
export function countsIn(counts: ReadonlyMap<string, Counts>, { conversation }: Membership): Counts {
  return counts.get(conversation._id) ?? { unreadCount: 0, mentionCount: 0 };
}

function stretchOf({ conversation, member }: Membership) {
  return { conversationId: conversation._id, above: floorOf(member), upTo: conversation.seq };
}

/** Counts with three message queries at most, however many conversations there are. */
export function createCounting({ messages, hidden, blockedBy }: Deps): Counting {
  return {
    async of(viewerId, memberships) {
      const unread = memberships.filter(({ conversation, member }) => conversation.seq > floorOf(member));
      const withUncounted = unread.filter(
        ({ conversation, member }) => conversation.lastUncountedSeq > floorOf(member),
      );
      const withHidden = unread.filter(({ member }) => member.lastHiddenSeq > floorOf(member));
      const [uncounted, unseen, mentions] = await Promise.all([
        messages.uncountedWithin(withUncounted.map(stretchOf)),
        hidden.within(viewerId, withHidden.map(stretchOf)),
        messages.mentionsWithin(viewerId, unread.map(stretchOf)),
      ]);
      const hiddenMessages = byConversation([...uncounted, ...unseen]);
      const blocked = new Set(mentions.length === 0 ? [] : await blockedBy(viewerId));
      const mentioned = byConversation(mentions.filter(({ senderId }) => senderId === null || !blocked.has(senderId)));
      const counts = memberships.map((one): [string, Counts] => {
        const key = one.conversation._id;
        const { above, upTo } = stretchOf(one);
        const uncountedSeqs = hiddenMessages.get(key) ?? none;
        const mentionCount = [...(mentioned.get(key) ?? none)].filter((seq) => !uncountedSeqs.has(seq)).length;
        return [key, { unreadCount: Math.max(0, upTo - above - uncountedSeqs.size), mentionCount }];
      });
      return new Map(counts);
    },
  };
}
