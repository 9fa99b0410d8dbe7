import type { Actor } from '../../kernel/actor.js';
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import type { Log } from '../../log/log.js';
import { type Held, reachedOf } from '../../views/held.js';
import { toMessage } from '../../views/message-view.js';
import type { Visibility } from '../../views/visibility.js';
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
  conversations: Pick<Conversations, 'standingOf' | 'membersAmong' | 'departures'>;
  digests: ContentDigests;
  reading: Pick<MessageReading, 'asItIsNow'>;
  visibility: Pick<Visibility, 'sees'>;
  announce: (held: Held, row: MessageRow, quoted: MessageRow | null, originSocketId?: string) => Promise<void>;
}

/** What is known of a message before it takes its place. */
interface Prepared {
  held: Held;
  /** The moment before the sender was seen to be a member. */
  since: number;
  content: { text: string; replyTo: string | null; mentions: readonly string[] };
  quoted: MessageRow | null;
  /** The first message under this clientId, where a rule would refuse a new one. */
  first: MessageRow | null;
}

interface Sent {
  message: Message;
  isNew: boolean;
}

const noMember = { en: 'Only members can be mentioned.', fr: 'Seuls les membres peuvent être mentionnés.' };

/** What is asked of a new message; throws `invalid_input` and `not_found`. Gives the message that it quotes. */
async function requireFit(
  { rows, visibility, conversations }: Deps,
  held: Held,
  input: SendMessage,
): Promise<MessageRow | null> {
  const memberIds = await conversations.membersAmong(held, input.mentions);
  const stranger = input.mentions.findIndex((userId) => !memberIds.has(userId));
  if (stranger !== -1) throw invalidInput(`body.mentions.${stranger}`, noMember);
  // Nobody has uploads yet, so every one that is named is unknown.
  if (input.attachments.length > 0) throw notFound();
  if (input.replyTo === undefined) return null;
  const quoted = await rows.byId(input.replyTo);
  if (!quoted?.conversationId.equals(held.conversation._id)) throw notFound();
  if (!(await visibility.sees(held.member, quoted.seq))) throw notFound();
  return quoted;
}

/** Loads the standing and asks the rules; a retry is answered before any of them. */
async function prepare(deps: Deps, actor: Actor, input: SendMessage): Promise<Prepared> {
  const { rows, conversations } = deps;
  const { conversationId, clientId, text, replyTo = null } = input;
  const since = conversations.departures.now();
  const held = await conversations.standingOf(actor.userId, conversationId);
  const content = { text, replyTo, mentions: [...new Set(input.mentions)] };
  try {
    return { held, since, content, quoted: await requireFit(deps, held, input), first: null };
  } catch (refusal) {
    const first = await rows.bySendKey({ conversationId, senderId: actor.userId, clientId });
    if (!first) throw refusal;
    return { held, since, content, quoted: null, first };
  }
}

/** Calls the log before anything is waited for: that is what keeps the order of a sender's messages. */
async function land(deps: Deps, actor: Actor, input: SendMessage, prepared: Prepared): Promise<Sent> {
  const { log, conversations, digests, reading, announce } = deps;
  const { held, since, content, quoted, first } = prepared;
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
    words: wordsOf(content.text),
  };
  const { row, isNew } = await log.append(draft, {
    refusal: () => (conversations.departures.hasLeft(conversationId, actor.userId, since) ? notFound() : null),
    isSame,
    mayLeave: held.conversation.type === 'group',
    announce: (landed) => announce(held, landed, quoted, actor.socketId),
  });
  if (!isNew) return { message: await reading.asItIsNow(actor.userId, row), isNew };
  const reached = isAlone(held) ? { deliveredSeq: row.seq, readSeq: row.seq } : reachedOf(held);
  const shown = quoted && { row: quoted, isVisible: true };
  return { message: toMessage(row, shown, { userId: actor.userId, reached }), isNew };
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
