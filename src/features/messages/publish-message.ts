import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { type Membership, minReceiptsOf } from '../../views/membership.js';
import { type Reader, stateFor, toMessage } from '../../views/message-view.js';
import type { Links } from '../../views/links.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { ChangeRow } from '../../repositories/changes/change-repository.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';

interface Deps {
  repository: Pick<MessageRepository, 'byId'>;
  conversations: Pick<Conversations, 'findMembership' | 'audienceOf' | 'announceListed' | 'publishOwnState'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  links: Pick<Links, 'attachment'>;
}

/** Publishes messages to the members of their conversations. */
export interface MessagePublisher {
  /** A committed message; `membership` is that of its sender. */
  created(membership: Membership, row: MessageRow, quoted: MessageRow | null, originSocketId?: string): Promise<void>;
  /** A committed message that recovery found unpublished; its sender may have left since. */
  recovered(row: MessageRow): Promise<void>;
  system(row: MessageRow): Promise<void>;
  /** A changed message; the event carries the number of this change, whatever came after it. */
  updated(row: MessageRow, rev: number, originSocketId?: string): Promise<void>;
  /** A change that recovery found unpublished. Changes of a group itself are found by sync, and by clients that see the gap. */
  recoveredChange(change: Pick<ChangeRow, 'messageId' | 'rev'>): Promise<void>;
}

const noReceipts = { deliveredSeq: 0, readSeq: 0 };
const nobody: Reader = { userId: '', minReceipts: noReceipts };

/** Whether a conversation has no other member whom a message could reach. */
function isAlone({ conversation, other }: Membership): boolean {
  return conversation.type === 'direct' ? other === null : conversation.memberCount === 1;
}

/** The sender of a message that has just been committed: nobody has received it yet, unless there is nobody else. */
export function senderOf(membership: Membership, { senderId, seq }: MessageRow): Reader {
  return {
    userId: String(senderId),
    minReceipts: isAlone(membership) ? { deliveredSeq: seq, readSeq: seq } : noReceipts,
  };
}

/** Whether a message may have put the conversation into a member's list: it is the first that somebody sees. */
function mayList({ conversation }: Membership, { seq }: MessageRow): boolean {
  return conversation.lastBlindSeq >= seq - 1;
}

/** What the event shows of a message to everyone; the state is for its author alone. */
function eventOf({ links }: Deps, row: MessageRow, quoted: MessageRow | null, author: Reader) {
  const message = toMessage(row, quoted && { row: quoted, isVisible: true }, author, links);
  return { message: { ...message, state: null }, senderState: stateFor(row, author) };
}

/** The membership of a message's author; null if it has none, or if they left and no longer receive its events. */
async function membershipOfAuthor({ conversations }: Deps, row: MessageRow): Promise<Membership | null> {
  if (row.type === 'system') return null;
  return conversations.findMembership(String(row.senderId), row.conversationId);
}

async function quotedBy({ repository }: Deps, { replyTo }: MessageRow): Promise<MessageRow | null> {
  return replyTo ? repository.byId(replyTo) : null;
}

/** Publishes a message that has no author, or whose author has left. */
async function publishWithoutAuthor(deps: Deps, row: MessageRow, quoted: MessageRow | null): Promise<void> {
  const conversationId = row.conversationId;
  const { type, userIds, cannotSee } = await deps.conversations.audienceOf(conversationId);
  const cannotSeeQuoteIds = quoted ? await cannotSee(quoted.seq) : [];
  const envelope = { conversationId, type, userIds, cannotSeeQuoteIds, authorId: null };
  deps.bus.publish('message.created', { ...envelope, ...eventOf(deps, row, quoted, nobody) });
}

async function publishUpdate(deps: Deps, row: MessageRow, rev: number, originSocketId?: string): Promise<void> {
  const conversationId = row.conversationId;
  const [audience, quoted, membership] = await Promise.all([
    deps.conversations.audienceOf(conversationId),
    quotedBy(deps, row),
    membershipOfAuthor(deps, row),
  ]);
  const [cannotSeeIds, cannotSeeQuoteIds] = await Promise.all([
    audience.cannotSee(row.seq),
    quoted ? audience.cannotSee(quoted.seq) : [],
  ]);
  const author = membership ? { userId: String(row.senderId), minReceipts: minReceiptsOf(membership) } : nobody;
  const { type, userIds } = audience;
  deps.bus.publish('message.updated', {
    conversationId,
    type,
    userIds,
    cannotSeeIds,
    cannotSeeQuoteIds,
    ...eventOf(deps, { ...row, rev }, quoted, author),
    authorId: membership ? author.userId : null,
    originSocketId,
  });
}

export function createMessagePublisher(deps: Deps): MessagePublisher {
  const { repository, conversations, bus } = deps;

  async function created(
    membership: Membership,
    row: MessageRow,
    quoted: MessageRow | null,
    originSocketId?: string,
  ): Promise<void> {
    const conversationId = row.conversationId;
    if (mayList(membership, row)) await conversations.announceListed(conversationId, row.seq);
    const sender = senderOf(membership, row);
    bus.publish('message.created', {
      conversationId,
      type: membership.conversation.type,
      userIds: membership.conversation.userIds,
      cannotSeeQuoteIds: quoted ? await (await conversations.audienceOf(conversationId)).cannotSee(quoted.seq) : [],
      ...eventOf(deps, row, quoted, sender),
      authorId: sender.userId,
      originSocketId,
    });
    // Sending has removed the sender's own "unread" flag, which their other devices cannot tell from the message.
    if (membership.member.markedUnread) await conversations.publishOwnState(sender.userId, conversationId);
  }

  return {
    created,
    updated: (row, rev, originSocketId) => publishUpdate(deps, row, rev, originSocketId),
    system: (row) => publishWithoutAuthor(deps, row, null),
    async recovered(row) {
      const quoted = await quotedBy(deps, row);
      const membership = await membershipOfAuthor(deps, row);
      await (membership ? created(membership, row, quoted) : publishWithoutAuthor(deps, row, quoted));
    },
    async recoveredChange({ messageId, rev }) {
      const row = messageId && (await repository.byId(messageId));
      if (row) await publishUpdate(deps, row, rev);
    },
  };
}
