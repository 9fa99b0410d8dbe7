/** Sends messages: load the membership, ask the rules, write to the log, which publishes, and show the result. */
import type { Actor } from '../../kernel/actor.js';
import type { KeyedDigests } from '../../kernel/keyed-digest.js';
import { createOrderedQueue } from '../../kernel/keyed-queue.js';
import { invalidInput, notContactable, notFound, Problem } from '../../kernel/problem.js';
import { canReceive } from '../../rules/people.js';
import type { Relations } from '../../views/relations.js';
import type { Committed } from '../../log/entry.js';
import type { Log } from '../../log/log.js';
import type { Membership } from '../../views/membership.js';
import { toMessage } from '../../views/message-view.js';
import type { Visibility } from '../../views/visibility.js';
import { type AttachmentRow, attachmentOf } from '../../repositories/uploads/attachment-row.js';
import type { Reservations } from '../media/reservations.js';
import { reservationKeys } from '../../rules/uploads.js';
import type { Links } from '../../views/links.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { type MessagePublisher, senderOf } from './publish-message.js';
import type { ReadMessage } from './read-message.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';
import type { Message, SendMessage } from '@causerie/contract/messages';

interface Deps {
  repository: Pick<MessageRepository, 'byId' | 'bySendKey'>;
  log: Pick<Log, 'append'>;
  conversations: Pick<Conversations, 'requireMembership' | 'membersAmong' | 'removals' | 'permissionsOf'>;
  relations: Pick<Relations, 'relationships'>;
  digests: KeyedDigests;
  read: Pick<ReadMessage, 'asItIsNow'>;
  visibility: Pick<Visibility, 'sees'>;
  reservations: Pick<Reservations, 'reserve' | 'attach' | 'cancelReservation'>;
  links: Pick<Links, 'attachment'>;
  publisher: Pick<MessagePublisher, 'created'>;
}

/** A sent message; `isNew` is false if a retry found the first one. */
export interface SentMessage {
  message: Message;
  isNew: boolean;
}

/** What a new message refers to, once the rules have accepted it. */
interface References {
  mentions: string[];
  /** The mentioned users who have blocked the sender. */
  mutedMentions: string[];
  /** The uploads that it carries; nothing else may carry them from now on. */
  attachments: AttachmentRow[];
}

interface SendContext {
  membership: Membership;
  /** A moment before the membership was read, to detect later removals. */
  since: number;
  quoted: MessageRow | null;
  draft: References & { isReadHidden: boolean };
  /** The first message under this clientId, where a rule would reject a new one. */
  first: MessageRow | null;
}

const notMember = { en: 'Only members can be mentioned.', fr: 'Seuls les membres peuvent être mentionnés.' };
const emptyDraft = { mentions: [], mutedMentions: [], attachments: [], isReadHidden: false };

/** The message that a new one quotes; throws `not_found`. */
async function requireQuoted(
  { repository, visibility }: Deps,
  { conversation, member }: Membership,
  { replyTo }: SendMessage,
): Promise<MessageRow | null> {
  if (replyTo === undefined) return null;
  const quoted = await repository.byId(replyTo);
  if (quoted?.conversationId !== conversation._id) throw notFound();
  if (!(await visibility.sees(member, quoted.seq))) throw notFound();
  return quoted;
}

/** Throws `invalid_input` if a mentioned user is not a member. */
async function requireMembersMentioned(deps: Deps, membership: Membership, mentions: readonly string[]): Promise<void> {
  if (mentions.length === 0) return;
  const memberIds = await deps.conversations.membersAmong(membership, mentions);
  const stranger = mentions.findIndex((userId) => !memberIds.has(userId));
  if (stranger !== -1) throw invalidInput(`body.mentions.${stranger}`, notMember);
}

async function mutedMentionsOf({ relations }: Deps, senderId: string, mentions: readonly string[]): Promise<string[]> {
  if (mentions.length === 0) return [];
  // The mentioned users are the viewers here, and the sender is the one they view.
  const relationships = await relations.relationships(senderId, mentions);
  return [...relationships].filter(([, relationship]) => !canReceive(relationship)).map(([userId]) => userId);
}

const reservationOf = (senderId: string, { conversationId, clientId }: SendMessage): string =>
  reservationKeys.message(conversationId, senderId, clientId);

/** Reserves the uploads that a message will carry; throws `not_found`, `invalid_input` and `conflict`. */
async function reserveAttachments(deps: Deps, senderId: string, input: SendMessage): Promise<AttachmentRow[]> {
  const { attachments: ids } = input;
  if (ids.length === 0) return [];
  const request = { ownerId: senderId, purpose: 'message', ids, reservation: reservationOf(senderId, input) } as const;
  return (await deps.reservations.reserve(request, 'body.attachments')).map(attachmentOf);
}

/** Throws `invalid_input`, `not_found` and `conflict`. */
async function resolveReferences(deps: Deps, membership: Membership, input: SendMessage) {
  const senderId = membership.member.userId;
  await requireMembersMentioned(deps, membership, input.mentions);
  const quoted = await requireQuoted(deps, membership, input);
  const mutedMentions = await mutedMentionsOf(deps, senderId, input.mentions);
  // Last, because it has a side effect: a message that another rule rejects must reserve nothing.
  const attachments = await reserveAttachments(deps, senderId, input);
  return { quoted, references: { mentions: [...new Set(input.mentions)], mutedMentions, attachments } };
}

/** Attaches the uploads once their message is committed, and releases them if it was rejected for good. */
async function withAttachments(
  { reservations }: Deps,
  senderId: string,
  input: SendMessage,
  append: () => Promise<Committed<MessageRow>>,
): Promise<Committed<MessageRow>> {
  if (input.attachments.length === 0) return append();
  const reservation = reservationOf(senderId, input);
  try {
    const committed = await append();
    await reservations.attach(reservation);
    return committed;
  } catch (error) {
    // After any other error the message may still be committed, or the uploads are another message's: that is decided later.
    const isRejected = error instanceof Problem && (error.code === 'not_found' || error.code === 'not_contactable');
    if (isRejected) await reservations.cancelReservation(reservation);
    throw error;
  }
}

/** Checks for removals and blocks once more, just before the log numbers a message. */
function finalChecks({ conversations }: Deps, userId: string, { membership, since }: SendContext) {
  const conversationId = membership.conversation._id;
  const isGroup = membership.conversation.type === 'group';

  /** Reads the permissions again: another process may have blocked a user meanwhile. */
  async function recheck(): Promise<void> {
    const { canChange } = await conversations.permissionsOf(membership);
    if (!canChange) conversations.removals.recordRemoval(conversationId, userId);
  }

  return {
    mayLeave: isGroup,
    recheck: isGroup || !membership.other ? null : recheck,
    refusal() {
      if (!conversations.removals.isRemoved(conversationId, userId, since)) return null;
      return isGroup ? notFound() : notContactable();
    },
  };
}

/** The content that a retry must repeat. */
const contentOf = ({ text, attachments, replyTo, mentions }: SendMessage): string =>
  JSON.stringify([text, attachments, replyTo ?? null, [...new Set(mentions)].sort()]);

/** Sends messages; what one user sends to one conversation keeps its order. */
export function createSendMessage(deps: Deps): (actor: Actor, input: SendMessage) => Promise<SentMessage> {
  const { repository, conversations, log, publisher, digests, read, links } = deps;
  const queue = createOrderedQueue();

  return function sendMessage({ userId, socketId }, input) {
    const { conversationId, clientId, text, replyTo = null } = input;
    const key = { conversationId, senderId: userId, clientId };
    const content = contentOf(input);

    async function prepare(): Promise<SendContext> {
      const since = conversations.removals.now();
      const membership = await conversations.requireMembership(userId, conversationId);
      try {
        const { canWrite, shows } = await conversations.permissionsOf(membership);
        if (!canWrite) throw notContactable();
        const { quoted, references } = await resolveReferences(deps, membership, input);
        return { membership, since, quoted, draft: { ...references, isReadHidden: !shows.read }, first: null };
      } catch (rejection) {
        // The retry of a committed message is answered, whatever the rules say by now.
        const first = await repository.bySendKey(key);
        if (!first) throw rejection;
        return { membership, since, quoted: null, draft: emptyDraft, first };
      }
    }

    async function commit(context: SendContext): Promise<SentMessage> {
      const { membership, quoted, draft, first } = context;
      const isSame = (digest: string): boolean => digests.isOf(digest, content);
      if (first && !isSame(first.digest)) throw new Problem('client_id_reused');
      if (first) return { message: await read.asItIsNow(userId, first), isNew: false };
      // Nothing is awaited before the log is called: that keeps the order of a sender's messages.
      const { row, isNew } = await withAttachments(deps, userId, input, () =>
        log.append(
          { ...key, digest: digests.of(content), text, replyTo, ...draft },
          {
            ...finalChecks(deps, userId, context),
            isSame,
            announce: (committed) => publisher.created(membership, committed, quoted, socketId),
          },
        ),
      );
      if (!isNew) return { message: await read.asItIsNow(userId, row), isNew };
      const shown = quoted && { row: quoted, isVisible: true };
      return { message: toMessage(row, shown, senderOf(membership, row), links), isNew };
    }

    return queue.inOrder(`${userId} ${conversationId}`, prepare, commit);
  };
}
