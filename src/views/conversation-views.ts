import { floorOf, startOf, unreadOf } from '../features/conversations/conversations.policy.js';
import type { Conversation } from '../features/conversations/conversations.schemas.js';
import type { ConversationRow } from '../features/conversations/conversations.model.js';
import type { MemberRow } from '../features/conversations/members.model.js';
import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
import type { PublicUser } from '../features/users/users.schemas.js';
import { quotedIn, toMessage } from './message-view.js';

/** A conversation with the viewer's own row and, in a direct one, the other's. */
export interface Held {
  conversation: ConversationRow;
  member: MemberRow;
  other: MemberRow | null;
}

interface Deps {
  messages: Pick<MessageRows, 'atPlaces' | 'byIds' | 'countMentions'>;
  publicUsers: (viewerId: string, userIds: readonly string[]) => Promise<Map<string, PublicUser>>;
}

export interface ConversationViews {
  /** Conversations as one viewer sees them, by a fixed number of queries. */
  of(viewerId: string, held: readonly Held[]): Promise<Conversation[]>;
  /** What is unread in one conversation, and how much of that mentions the viewer. */
  countsOf(viewerId: string, held: Held): Promise<{ unreadCount: number; mentionCount: number }>;
  /** How many unread messages mention the viewer, by conversation. */
  mentionsOf(viewerId: string, held: readonly Held[]): Promise<Map<string, number>>;
}

/** The marks that the other one shows; where there is nobody, everything is read. */
export function reachedOf({ conversation, other }: Held): { deliveredSeq: number; readSeq: number } {
  if (!other) return { deliveredSeq: conversation.seq, readSeq: conversation.seq };
  return { deliveredSeq: other.shownDeliveredSeq, readSeq: other.shownReadSeq };
}

/** What a person has set for himself. */
export function settingsOf({ mutedUntil, archived, pinned, markedUnread }: MemberRow): Conversation['settings'] {
  return { mutedUntil: mutedUntil?.toISOString() ?? null, archived, pinned, markedUnread };
}

/** Builds what puts a conversation, its people and its last message together. */
export function createConversationViews({ messages, publicUsers }: Deps): ConversationViews {
  function mentionsOf(viewerId: string, held: readonly Held[]): Promise<Map<string, number>> {
    const unread = held
      .filter(({ conversation, member }) => unreadOf(member, conversation.seq) > 0)
      .map(({ conversation, member }) => ({
        conversationId: conversation._id,
        above: floorOf(member),
        userId: viewerId,
      }));
    return messages.countMentions(unread);
  }

  return {
    mentionsOf,
    async countsOf(viewerId, held) {
      const mentions = await mentionsOf(viewerId, [held]);
      return {
        unreadCount: unreadOf(held.member, held.conversation.seq),
        mentionCount: mentions.get(String(held.conversation._id)) ?? 0,
      };
    },
    async of(viewerId, held) {
      const places = held
        .filter(({ conversation, member }) => conversation.seq > startOf(member))
        .map(({ conversation: { _id, seq } }) => ({ conversationId: _id, seq }));
      const peerIds = held.map(({ other }) => (other ? String(other.userId) : viewerId));
      const [rows, mentions, people] = await Promise.all([
        messages.atPlaces(places),
        mentionsOf(viewerId, held),
        publicUsers(viewerId, peerIds),
      ]);
      const last = new Map(rows.map((row) => [String(row.conversationId), row]));
      const quoted = new Map((await messages.byIds(quotedIn(rows))).map((row) => [String(row._id), row]));

      function lastMessageOf(one: Held): Conversation['lastMessage'] {
        const row: MessageRow | undefined = last.get(String(one.conversation._id));
        if (!row) return null;
        const reader = { userId: viewerId, start: startOf(one.member), reached: reachedOf(one) };
        return toMessage(row, quoted.get(String(row.replyTo)) ?? null, reader);
      }

      return held.map((one, place) => ({
        ...headOf(one),
        peer: people.get(peerIds[place] ?? viewerId) ?? null,
        lastMessage: lastMessageOf(one),
        mentionCount: mentions.get(String(one.conversation._id)) ?? 0,
        reached: reachedOf(one),
      }));
    },
  };
}

function headOf({
  conversation,
  member,
}: Held): Omit<Conversation, 'peer' | 'lastMessage' | 'mentionCount' | 'reached'> {
  return {
    id: String(conversation._id),
    type: conversation.type,
    title: null,
    description: null,
    photo: null,
    memberCount: conversation.memberCount,
    role: null,
    permissions: ['send'],
    createdAt: conversation.createdAt.toISOString(),
    lastActivityAt: conversation.lastActivityAt.toISOString(),
    seq: conversation.seq,
    rev: conversation.rev,
    unreadCount: unreadOf(member, conversation.seq),
    readSeq: member.readSeq,
    deliveredSeq: member.deliveredSeq,
    settings: settingsOf(member),
  };
}
