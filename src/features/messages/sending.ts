import type { Actor } from '../../kernel/actor.js';
import { invalidInput, notContactable, notFound, Problem } from '../../kernel/problem.js';
import { canReceive } from '../../rules/people.js';
import type { Relations } from '../../views/relations.js';
import type { Committed } from '../../log/entry.js';
import type { Log } from '../../log/log.js';
import { type Membership, minReceiptsOf } from '../../views/membership.js';
import { toMessage } from '../../views/message-view.js';
import type { Visibility } from '../../views/visibility.js';
import { type AttachmentRow, attachmentOf } from '../../repositories/uploads/attachment-row.js';
import type { Reservations } from '../media/reservations.js';
import { claims } from '../../rules/reservation-keys.js';
import type { Links } from '../../views/links.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { isAlone } from './announcing.js';
import type { ContentDigests } from './content-digest.js';
import type { MessageReading } from './message-reading.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';
import type { Message, SendMessage } from '@causerie/contract/messages';
import { createOrderedQueue } from './ordered-queue.js';
import { wordsOf } from './words.js';

interface Deps {
  repository: MessageRepository;
  log: Pick<Log, 'append'>;
  conversations: Pick<Conversations, 'requireMembership' | 'membersAmong' | 'removals' | 'permissionsOf'>;
  relations: Pick<Relations, 'relationships'>;
  digests: ContentDigests;
  reading: Pick<MessageReading, 'asItIsNow'>;
  visibility: Pick<Visibility, 'sees'>;
  reservations: Pick<Reservations, 'reserve' | 'attach' | 'cancelReservation'>;
  links: Pick<Links, 'attachment'>;
  announce: (
    membership: Membership,
    row: MessageRow,
    quoted: MessageRow | null,
    originSocketId?: string,
  ) => Promise<void>;
}

/** What the rules have found out about a new message. */
interface ResolvedDraft {
  quoted: MessageRow | null;
  /** Who of the mentioned has blocked its sender. */
  mutedMentions: string[];
  isReadHidden: boolean;
  /** What it carries, which nothing else may carry from now on. */
  attachments: AttachmentRow[];
}

/** What is known of a message before it takes its place. */
interface SendContext {
  membership: Membership;
  /** The moment before the sender was seen to be a member. */
  since: number;
  content: { text: string; attachments: readonly string[]; replyTo: string | null; mentions: readonly string[] };
  resolved: ResolvedDraft;
  /** The first message under this clientId, where a rule would refuse a new one. */
  first: MessageRow | null;
}

interface Sent {
  message: Message;
  isNew: boolean;
}

const noMember = { en: 'Only members can be mentioned.', fr: 'Seuls les membres peuvent être mentionnés.' };

/** The message that a new one quotes; throws `not_found`. */
async function quotedBy(
  { repository, visibility }: Deps,
  membership: Membership,
  input: SendMessage,
): Promise<MessageRow | null> {
  if (input.replyTo === undefined) return null;
  const quoted = await repository.byId(input.replyTo);
  if (!quoted?.conversationId.equals(membership.conversation._id)) throw notFound();
  if (!(await visibility.sees(membership.member, quoted.seq))) throw notFound();
  return quoted;
}

/** Who of the mentioned has blocked the sender. */
async function mutedMentionsOf({ relations }: Deps, senderId: string, mentions: readonly string[]): Promise<string[]> {
  if (mentions.length === 0) return [];
  // Each of the mentioned looks at the sender.
  const relationships = await relations.relationships(senderId, mentions);
  return [...relationships].filter(([, relationship]) => !canReceive(relationship)).map(([userId]) => userId);
}

const reservationOf = (senderId: string, { conversationId, clientId }: SendMessage): string =>
  claims.message(conversationId, senderId, clientId);

/** Claims what a message will carry; throws `not_found`, `invalid_input` and `conflict`. */
async function reserved({ reservations }: Deps, ownerId: string, input: SendMessage): Promise<AttachmentRow[]> {
  const { attachments: ids } = input;
  if (ids.length === 0) return [];
  const reservation = reservationOf(ownerId, input);
  const uploads = await reservations.reserve({ ownerId, purpose: 'message', ids, reservation }, 'body.attachments');
  return uploads.map(attachmentOf);
}

/** What is asked of a new message; throws `not_contactable`, `invalid_input` and `not_found`. */
async function resolveDraft(deps: Deps, membership: Membership, input: SendMessage): Promise<ResolvedDraft> {
  const { conversations } = deps;
  const { canWrite, shows } = await conversations.permissionsOf(membership);
  if (!canWrite) throw notContactable();
  const memberIds = await conversations.membersAmong(membership, input.mentions);
  const stranger = input.mentions.findIndex((userId) => !memberIds.has(userId));
  if (stranger !== -1) throw invalidInput(`body.mentions.${stranger}`, noMember);
  const quoted = await quotedBy(deps, membership, input);
  const mutedMentions = await mutedMentionsOf(deps, String(membership.member.userId), input.mentions);
  // The last question, for it takes something: whoever is refused by another rule has claimed nothing.
  const attachments = await reserved(deps, String(membership.member.userId), input);
  return { quoted, mutedMentions, isReadHidden: !shows.read, attachments };
}

const emptyDraft: ResolvedDraft = { quoted: null, mutedMentions: [], isReadHidden: false, attachments: [] };

/** Loads the standing and asks the rules; a retry is answered before any of them. */
async function prepare(deps: Deps, actor: Actor, input: SendMessage): Promise<SendContext> {
  const { repository, conversations } = deps;
  const { conversationId, clientId, text, replyTo = null } = input;
  const since = conversations.removals.now();
  const membership = await conversations.requireMembership(actor.userId, conversationId);
  const content = { text, attachments: input.attachments, replyTo, mentions: [...new Set(input.mentions)] };
  try {
    return { membership, since, content, resolved: await resolveDraft(deps, membership, input), first: null };
  } catch (refusal) {
    const first = await repository.bySendKey({ conversationId, senderId: actor.userId, clientId });
    if (!first) throw refusal;
    return { membership, since, content, resolved: emptyDraft, first };
  }
}

/** Asks again, where other processes may have blocked somebody meanwhile. */
async function recheck({ conversations }: Deps, membership: Membership): Promise<void> {
  if ((await conversations.permissionsOf(membership)).canChange) return;
  conversations.removals.recordRemoval(String(membership.conversation._id), String(membership.member.userId));
}

/** What was claimed is attached once its message is there, and free again where it was refused for good. */
async function appended(
  { reservations }: Deps,
  actor: Actor,
  input: SendMessage,
  append: () => Promise<Committed<MessageRow>>,
): Promise<Committed<MessageRow>> {
  if (input.attachments.length === 0) return append();
  const reservation = reservationOf(actor.userId, input);
  try {
    const committed = await append();
    await reservations.attach(reservation);
    return committed;
  } catch (error) {
    // Of everything else nobody knows whether it may still land, or it is another message's: such a claim is judged later.
    const isRefused = error instanceof Problem && (error.code === 'not_found' || error.code === 'not_contactable');
    if (isRefused) await reservations.cancelReservation(reservation);
    throw error;
  }
}

/** Calls the log before anything is waited for: that is what keeps the order of a sender's messages. */
async function commit(deps: Deps, actor: Actor, input: SendMessage, context: SendContext): Promise<Sent> {
  const { log, conversations, digests, reading, announce } = deps;
  const { membership, since, content, resolved, first } = context;
  const { quoted } = resolved;
  const isSame = (digest: string): boolean => digests.isSame(digest, content);
  if (first && !isSame(first.digest)) throw new Problem('client_id_reused');
  if (first) return { message: await reading.asItIsNow(actor.userId, first), isNew: false };
  const { conversationId, clientId } = input;
  const draft = {
    conversationId,
    senderId: actor.userId,
    clientId,
    digest: digests.of(content),
    ...content,
    attachments: resolved.attachments,
    mutedMentions: resolved.mutedMentions,
    isReadHidden: resolved.isReadHidden,
    words: wordsOf(content.text),
  };
  const isGroup = membership.conversation.type === 'group';
  const { row, isNew } = await appended(deps, actor, input, () =>
    log.append(draft, {
      refusal() {
        if (!conversations.removals.isRemoved(conversationId, actor.userId, since)) return null;
        return isGroup ? notFound() : notContactable();
      },
      isSame,
      mayLeave: isGroup,
      recheck: isGroup || !membership.other ? null : () => recheck(deps, membership),
      announce: (committed) => announce(membership, committed, quoted, actor.socketId),
    }),
  );
  if (!isNew) return { message: await reading.asItIsNow(actor.userId, row), isNew };
  const minReceipts = isAlone(membership) ? { deliveredSeq: row.seq, readSeq: row.seq } : minReceiptsOf(membership);
  const shown = quoted && { row: quoted, isVisible: true };
  return { message: toMessage(row, shown, { userId: actor.userId, minReceipts }, deps.links), isNew };
}

/** Builds the sending of messages: what one person sends to a conversation keeps its order. */
export function createSending(deps: Deps): (actor: Actor, input: SendMessage) => Promise<Sent> {
  const sendQueue = createOrderedQueue();
  return (actor, input) =>
    sendQueue.inOrder(
      `${actor.userId} ${input.conversationId}`,
      () => prepare(deps, actor, input),
      (context) => commit(deps, actor, input, context),
    );
}
