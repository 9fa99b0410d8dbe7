import type { Facts } from '../../facts.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import { Problem } from '../../kernel/problem.js';
import { type Held, reachedOf } from '../../views/held.js';
import { type Reader, stateFor, toMessage } from '../../views/message-view.js';
import type { Links } from '../media/links.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow, MessageRows } from './messages.model.js';

interface Deps {
  rows: Pick<MessageRows, 'byId'>;
  conversations: Pick<Conversations, 'standingOf' | 'audienceOf' | 'announceListed' | 'marks'>;
  bus: Pick<FactBus<Facts>, 'publish'>;
  links: Pick<Links, 'attachment'>;
}

/** Tells the members of a conversation what its messages are now. */
export interface Announcing {
  /** The standing of a message's author; null for who is no member any more, and so hears nothing. */
  authorOf(row: MessageRow): Promise<Held | null>;
  /** A message has landed; `held` is its sender's standing. */
  created(held: Held, row: MessageRow, quoted: MessageRow | null, originSocketId?: string): Promise<void>;
  /** A system message has landed, or a message whose sender has left since. */
  withoutAuthor(row: MessageRow, quoted: MessageRow | null): Promise<void>;
  /** A message has changed: the news carry the number of this change, whatever came after it. */
  updated(row: MessageRow, rev: number, originSocketId?: string): Promise<void>;
}

const nothingReached = { deliveredSeq: 0, readSeq: 0 };
const nobody: Reader = { userId: '', reached: nothingReached };

/** What everybody is told of a message; each state is for its author alone. */
function shown({ links }: Deps, row: MessageRow, quoted: MessageRow | null, author: Reader) {
  const message = toMessage(row, quoted && { row: quoted, isVisible: true }, author, links);
  return { message: { ...message, state: null }, senderState: stateFor(row, author) };
}

/** Whether nobody else is there whom a message could reach. */
export function isAlone({ conversation, other }: Held): boolean {
  return conversation.type === 'direct' ? other === null : conversation.memberCount === 1;
}

/** Whether a message may have put the conversation into somebody's list. */
function mayList({ conversation, member, other }: Held, { seq }: MessageRow): boolean {
  if (conversation.type === 'group') return conversation.lastBlindSeq >= seq - 1;
  return [member, other].some((one) => one && !one.isListed && seq === startOf(one) + 1);
}

/** Builds the question who is shown a message as his own. */
function createAuthorOf({ conversations }: Deps): Announcing['authorOf'] {
  return async function authorOf(row) {
    if (row.type === 'system') return null;
    try {
      return await conversations.standingOf(String(row.senderId), String(row.conversationId));
    } catch (error) {
      if (error instanceof Problem && error.code === 'not_found') return null;
      throw error;
    }
  };
}

/** Builds the news of messages that have changed. */
function createUpdated(deps: Deps, authorOf: Announcing['authorOf']): Announcing['updated'] {
  const { rows, conversations, bus } = deps;
  return async function updated(row, rev, originSocketId) {
    const conversationId = String(row.conversationId);
    const [audience, quoted, held] = await Promise.all([
      conversations.audienceOf(conversationId),
      row.replyTo ? rows.byId(String(row.replyTo)) : null,
      authorOf(row),
    ]);
    const [blindIds, quoteBlindIds] = await Promise.all([
      audience.blindTo(row.seq),
      quoted ? audience.blindTo(quoted.seq) : [],
    ]);
    const author = held ? { userId: String(row.senderId), reached: reachedOf(held) } : nobody;
    const { type, userIds } = audience;
    bus.publish('message.updated', {
      conversationId,
      type,
      userIds,
      blindIds,
      quoteBlindIds,
      ...shown(deps, { ...row, rev }, quoted, author),
      authorId: held ? author.userId : null,
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
    async created(held, row, quoted, originSocketId) {
      const conversationId = String(row.conversationId);
      if (mayList(held, row)) await conversations.announceListed(conversationId, row.seq);
      const reached = isAlone(held) ? { deliveredSeq: row.seq, readSeq: row.seq } : nothingReached;
      const author = { userId: String(row.senderId), reached };
      bus.publish('message.created', {
        conversationId,
        type: held.conversation.type,
        userIds: held.conversation.userIds.map(String),
        quoteBlindIds: quoted ? await (await conversations.audienceOf(conversationId)).blindTo(quoted.seq) : [],
        ...shown(deps, row, quoted, author),
        authorId: author.userId,
        originSocketId,
      });
      // Sending has taken the sender's own mark away, which his other devices cannot know from the message.
      if (held.member.markedUnread) await conversations.marks.announceOwn(author.userId, conversationId);
    },
    async withoutAuthor(row, quoted) {
      const conversationId = String(row.conversationId);
      const { type, userIds, blindTo } = await conversations.audienceOf(conversationId);
      const quoteBlindIds = quoted ? await blindTo(quoted.seq) : [];
      const told = { conversationId, type, userIds, quoteBlindIds, authorId: null };
      bus.publish('message.created', { ...told, ...shown(deps, row, quoted, nobody) });
    },
  };
}
