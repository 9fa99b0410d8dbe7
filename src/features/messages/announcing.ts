import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { type Membership, minReceiptsOf } from '../../views/membership.js';
import { type Reader, stateFor, toMessage } from '../../views/message-view.js';
import type { Links } from '../../views/links.js';
import { startOf } from '../../rules/conversations.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';

interface Deps {
  repository: Pick<MessageRepository, 'byId'>;
  conversations: Pick<Conversations, 'findMembership' | 'audienceOf' | 'announceListed' | 'publishOwnState'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  links: Pick<Links, 'attachment'>;
}

/** Tells the members of a conversation what its messages are now. */
export interface Announcing {
  /** The standing of a message's author; null for who is no member any more, and so hears nothing. */
  authorOf(row: MessageRow): Promise<Membership | null>;
  /** A message has landed; `held` is its sender's standing. */
  created(membership: Membership, row: MessageRow, quoted: MessageRow | null, originSocketId?: string): Promise<void>;
  /** A system message has landed, or a message whose sender has left since. */
  withoutAuthor(row: MessageRow, quoted: MessageRow | null): Promise<void>;
  /** A message has changed: the news carry the number of this change, whatever came after it. */
  updated(row: MessageRow, rev: number, originSocketId?: string): Promise<void>;
}

const noReceipts = { deliveredSeq: 0, readSeq: 0 };
const nobody: Reader = { userId: '', minReceipts: noReceipts };

/** What everybody is told of a message; each state is for its author alone. */
function shown({ links }: Deps, row: MessageRow, quoted: MessageRow | null, author: Reader) {
  const message = toMessage(row, quoted && { row: quoted, isVisible: true }, author, links);
  return { message: { ...message, state: null }, senderState: stateFor(row, author) };
}

/** Whether nobody else is there whom a message could reach. */
export function isAlone({ conversation, other }: Membership): boolean {
  return conversation.type === 'direct' ? other === null : conversation.memberCount === 1;
}

/** Whether a message may have put the conversation into somebody's list. */
function mayList({ conversation, member, other }: Membership, { seq }: MessageRow): boolean {
  if (conversation.type === 'group') return conversation.lastBlindSeq >= seq - 1;
  return [member, other].some((one) => one && !one.isListed && seq === startOf(one) + 1);
}

function createAuthorOf({ conversations }: Deps): Announcing['authorOf'] {
  return async function authorOf(row) {
    if (row.type === 'system') return null;
    return conversations.findMembership(String(row.senderId), String(row.conversationId));
  };
}

/** Builds the news of messages that have changed. */
function createUpdated(deps: Deps, authorOf: Announcing['authorOf']): Announcing['updated'] {
  const { repository, conversations, bus } = deps;
  return async function updated(row, rev, originSocketId) {
    const conversationId = String(row.conversationId);
    const [audience, quoted, membership] = await Promise.all([
      conversations.audienceOf(conversationId),
      row.replyTo ? repository.byId(String(row.replyTo)) : null,
      authorOf(row),
    ]);
    const [cannotSeeIds, cannotSeeQuoteIds] = await Promise.all([
      audience.cannotSee(row.seq),
      quoted ? audience.cannotSee(quoted.seq) : [],
    ]);
    const author = membership ? { userId: String(row.senderId), minReceipts: minReceiptsOf(membership) } : nobody;
    const { type, userIds } = audience;
    bus.publish('message.updated', {
      conversationId,
      type,
      userIds,
      cannotSeeIds,
      cannotSeeQuoteIds,
      ...shown(deps, { ...row, rev }, quoted, author),
      authorId: membership ? author.userId : null,
      originSocketId,
    });
  };
}

/** Builds what announces messages. */
export function createAnnouncing(deps: Deps): Announcing {
  const { conversations, bus } = deps;
  const authorOf = createAuthorOf(deps);

  return {
    authorOf,
    updated: createUpdated(deps, authorOf),
    async created(membership, row, quoted, originSocketId) {
      const conversationId = String(row.conversationId);
      if (mayList(membership, row)) await conversations.announceListed(conversationId, row.seq);
      const minReceipts = isAlone(membership) ? { deliveredSeq: row.seq, readSeq: row.seq } : noReceipts;
      const author = { userId: String(row.senderId), minReceipts };
      bus.publish('message.created', {
        conversationId,
        type: membership.conversation.type,
        userIds: membership.conversation.userIds.map(String),
        cannotSeeQuoteIds: quoted ? await (await conversations.audienceOf(conversationId)).cannotSee(quoted.seq) : [],
        ...shown(deps, row, quoted, author),
        authorId: author.userId,
        originSocketId,
      });
      // Sending has taken the sender's own mark away, which his other devices cannot know from the message.
      if (membership.member.markedUnread) await conversations.publishOwnState(author.userId, conversationId);
    },
    async withoutAuthor(row, quoted) {
      const conversationId = String(row.conversationId);
      const { type, userIds, cannotSee } = await conversations.audienceOf(conversationId);
      const cannotSeeQuoteIds = quoted ? await cannotSee(quoted.seq) : [];
      const envelope = { conversationId, type, userIds, cannotSeeQuoteIds, authorId: null };
      bus.publish('message.created', { ...envelope, ...shown(deps, row, quoted, nobody) });
    },
  };
}
