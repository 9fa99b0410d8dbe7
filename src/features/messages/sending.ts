import type { Actor } from '../../kernel/actor.js';
import { invalidInput, notContactable, notFound, Problem } from '../../kernel/problem.js';
import { isHeard } from '../users/people.policy.js';
import type { Relations } from '../users/relations.js';
import type { Landed } from '../../log/entry.js';
import type { Log } from '../../log/log.js';
import { type Held, reachedOf } from '../../views/held.js';
import { toMessage } from '../../views/message-view.js';
import type { Visibility } from '../../views/visibility.js';
import { type AttachmentRow, attachmentOf } from '../media/attachment.model.js';
import type { Claiming } from '../media/claiming.js';
import { claims } from '../media/claims.js';
import type { Links } from '../media/links.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { isAlone } from './announcing.js';
import type { ContentDigests } from './content-digest.js';
import type { MessageReading } from './message-reading.js';
import type { MessageRow, MessageRows } from './messages.model.js';
import type { Message, SendMessage } from './messages.schemas.js';
import { createTurns } from './turns.js';
import { wordsOf } from './words.js';

interface Deps {
  rows: MessageRows;
  log: Pick<Log, 'append'>;
  conversations: Pick<Conversations, 'standingOf' | 'membersAmong' | 'departures' | 'rulesOf'>;
  relations: Pick<Relations, 'betweenAll'>;
  digests: ContentDigests;
  reading: Pick<MessageReading, 'asItIsNow'>;
  visibility: Pick<Visibility, 'sees'>;
  claiming: Pick<Claiming, 'claim' | 'attach' | 'unclaim'>;
  links: Pick<Links, 'attachment'>;
  announce: (held: Held, row: MessageRow, quoted: MessageRow | null, originSocketId?: string) => Promise<void>;
}

/** What the rules have found out about a new message. */
interface Fit {
  quoted: MessageRow | null;
  /** Who of the mentioned has blocked its sender. */
  unheard: string[];
  isReadHidden: boolean;
  /** What it carries, which nothing else may carry from now on. */
  attachments: AttachmentRow[];
}

/** What is known of a message before it takes its place. */
interface Prepared {
  held: Held;
  /** The moment before the sender was seen to be a member. */
  since: number;
  content: { text: string; attachments: readonly string[]; replyTo: string | null; mentions: readonly string[] };
  fit: Fit;
  /** The first message under this clientId, where a rule would refuse a new one. */
  first: MessageRow | null;
}

interface Sent {
  message: Message;
  isNew: boolean;
}

const noMember = { en: 'Only members can be mentioned.', fr: 'Seuls les membres peuvent être mentionnés.' };

/** The message that a new one quotes; throws `not_found`. */
async function quotedBy({ rows, visibility }: Deps, held: Held, input: SendMessage): Promise<MessageRow | null> {
  if (input.replyTo === undefined) return null;
  const quoted = await rows.byId(input.replyTo);
  if (!quoted?.conversationId.equals(held.conversation._id)) throw notFound();
  if (!(await visibility.sees(held.member, quoted.seq))) throw notFound();
  return quoted;
}

/** Who of the mentioned has blocked the sender. */
async function deafTo({ relations }: Deps, senderId: string, mentions: readonly string[]): Promise<string[]> {
  if (mentions.length === 0) return [];
  // Each of the mentioned looks at the sender.
  const betweens = await relations.betweenAll(senderId, mentions);
  return [...betweens].filter(([, between]) => !isHeard(between)).map(([userId]) => userId);
}

const claimOf = (senderId: string, { conversationId, clientId }: SendMessage): string =>
  claims.message(conversationId, senderId, clientId);

/** Claims what a message will carry; throws `not_found`, `invalid_input` and `conflict`. */
async function claimed({ claiming }: Deps, ownerId: string, input: SendMessage): Promise<AttachmentRow[]> {
  const { attachments: ids } = input;
  if (ids.length === 0) return [];
  const claim = claimOf(ownerId, input);
  const uploads = await claiming.claim({ ownerId, purpose: 'message', ids, claim }, 'body.attachments');
  return uploads.map(attachmentOf);
}

/** What is asked of a new message; throws `not_contactable`, `invalid_input` and `not_found`. */
async function requireFit(deps: Deps, held: Held, input: SendMessage): Promise<Fit> {
  const { conversations } = deps;
  const { mayWrite, shows } = await conversations.rulesOf(held);
  if (!mayWrite) throw notContactable();
  const memberIds = await conversations.membersAmong(held, input.mentions);
  const stranger = input.mentions.findIndex((userId) => !memberIds.has(userId));
  if (stranger !== -1) throw invalidInput(`body.mentions.${stranger}`, noMember);
  const quoted = await quotedBy(deps, held, input);
  const unheard = await deafTo(deps, String(held.member.userId), input.mentions);
  // The last question, for it takes something: whoever is refused by another rule has claimed nothing.
  const attachments = await claimed(deps, String(held.member.userId), input);
  return { quoted, unheard, isReadHidden: !shows.read, attachments };
}

const nothingFound: Fit = { quoted: null, unheard: [], isReadHidden: false, attachments: [] };

/** Loads the standing and asks the rules; a retry is answered before any of them. */
async function prepare(deps: Deps, actor: Actor, input: SendMessage): Promise<Prepared> {
  const { rows, conversations } = deps;
  const { conversationId, clientId, text, replyTo = null } = input;
  const since = conversations.departures.now();
  const held = await conversations.standingOf(actor.userId, conversationId);
  const content = { text, attachments: input.attachments, replyTo, mentions: [...new Set(input.mentions)] };
  try {
    return { held, since, content, fit: await requireFit(deps, held, input), first: null };
  } catch (refusal) {
    const first = await rows.bySendKey({ conversationId, senderId: actor.userId, clientId });
    if (!first) throw refusal;
    return { held, since, content, fit: nothingFound, first };
  }
}

/** Asks again, where other processes may have blocked somebody meanwhile. */
async function recheck({ conversations }: Deps, held: Held): Promise<void> {
  if ((await conversations.rulesOf(held)).mayChange) return;
  conversations.departures.note(String(held.conversation._id), String(held.member.userId));
}

/** What was claimed is attached once its message is there, and free again where it was refused for good. */
async function appended(
  { claiming }: Deps,
  actor: Actor,
  input: SendMessage,
  append: () => Promise<Landed<MessageRow>>,
): Promise<Landed<MessageRow>> {
  if (input.attachments.length === 0) return append();
  const claim = claimOf(actor.userId, input);
  try {
    const landed = await append();
    await claiming.attach(claim);
    return landed;
  } catch (error) {
    // Of everything else nobody knows whether it may still land, or it is another message's: such a claim is judged later.
    const isRefused = error instanceof Problem && (error.code === 'not_found' || error.code === 'not_contactable');
    if (isRefused) await claiming.unclaim(claim);
    throw error;
  }
}

/** Calls the log before anything is waited for: that is what keeps the order of a sender's messages. */
async function land(deps: Deps, actor: Actor, input: SendMessage, prepared: Prepared): Promise<Sent> {
  const { log, conversations, digests, reading, announce } = deps;
  const { held, since, content, fit, first } = prepared;
  const { quoted } = fit;
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
    attachments: fit.attachments,
    unheard: fit.unheard,
    isReadHidden: fit.isReadHidden,
    words: wordsOf(content.text),
  };
  const isGroup = held.conversation.type === 'group';
  const { row, isNew } = await appended(deps, actor, input, () =>
    log.append(draft, {
      refusal() {
        if (!conversations.departures.hasLeft(conversationId, actor.userId, since)) return null;
        return isGroup ? notFound() : notContactable();
      },
      isSame,
      mayLeave: isGroup,
      recheck: isGroup || !held.other ? null : () => recheck(deps, held),
      announce: (landed) => announce(held, landed, quoted, actor.socketId),
    }),
  );
  if (!isNew) return { message: await reading.asItIsNow(actor.userId, row), isNew };
  const reached = isAlone(held) ? { deliveredSeq: row.seq, readSeq: row.seq } : reachedOf(held);
  const shown = quoted && { row: quoted, isVisible: true };
  return { message: toMessage(row, shown, { userId: actor.userId, reached }, deps.links), isNew };
}

/** Builds the sending of messages: what one person sends to a conversation keeps its order. */
export function createSending(deps: Deps): (actor: Actor, input: SendMessage) => Promise<Sent> {
  const turns = createTurns();
  return (actor, input) =>
    turns.inOrder(
      `${actor.userId} ${input.conversationId}`,
      () => prepare(deps, actor, input),
      (prepared) => land(deps, actor, input, prepared),
    );
}
