import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import { invalidInput, notFound, Problem } from '../../kernel/problem.js';
import type { Log } from '../../log/log.js';
import { type Held, reachedOf } from '../../views/conversation-views.js';
import { quotedIn, type Reader, stateFor, toMessage } from '../../views/message-view.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { ContentDigests } from './content-digest.js';
import type { MessageRow, MessageRows } from './messages.model.js';
import { createTurns } from './turns.js';
import type { ListMessages, Message, MessageWindow, SendMessage } from './messages.schemas.js';

interface Deps {
  rows: MessageRows;
  log: Pick<Log, 'append'>;
  conversations: Pick<Conversations, 'standingOf' | 'announceFirst'>;
  digests: ContentDigests;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

export interface Messages {
  /**
   * Sends a message, once for each clientId. Throws `not_found` (the conversation, the quoted message), `invalid_input`
   * (a mention of who is no member), `client_id_reused` and `unavailable`.
   */
  send(actor: Actor, input: SendMessage): Promise<{ message: Message; isNew: boolean }>;
  list(actor: Actor, input: ListMessages): Promise<MessageWindow>;
  get(actor: Actor, messageId: string): Promise<Message>;
  /** Announces a message that a sweep has found unannounced. */
  announceSwept(row: MessageRow): Promise<void>;
}

/** What is known of a message before it takes its place. */
interface Prepared {
  held: Held;
  content: { text: string; replyTo: string | null; mentions: readonly string[] };
  quoted: MessageRow | null;
  /** The first message under this clientId, where a rule would refuse a new one. */
  first: MessageRow | null;
}

function readerOf(userId: string, held: Held): Reader {
  return { userId, start: startOf(held.member), reached: reachedOf(held) };
}

const noMember = { en: 'Only members can be mentioned.', fr: 'Seuls les membres peuvent être mentionnés.' };

/** Builds the messages of a server. */
export function createMessages({ rows, log, conversations, digests, bus }: Deps): Messages {
  const turns = createTurns();

  async function viewsOf(found: readonly MessageRow[], reader: Reader): Promise<Message[]> {
    const ids = quotedIn(found);
    const quoted = new Map((ids.length === 0 ? [] : await rows.byIds(ids)).map((row) => [String(row._id), row]));
    return found.map((row) => toMessage(row, quoted.get(String(row.replyTo)) ?? null, reader));
  }

  /** What is asked of a new message; a retry is answered before. */
  async function requireFit(held: Held, input: SendMessage, mentions: readonly string[]): Promise<MessageRow | null> {
    const memberIds = new Set(held.conversation.userIds.map(String));
    const stranger = mentions.findIndex((userId) => !memberIds.has(userId));
    if (stranger !== -1) throw invalidInput(`body.mentions.${stranger}`, noMember);
    if (input.replyTo === undefined) return null;
    const quoted = await rows.byId(input.replyTo);
    const isVisible = quoted?.conversationId.equals(held.conversation._id) && quoted.seq > startOf(held.member);
    if (!quoted || !isVisible) throw notFound();
    return quoted;
  }

  function publish(held: Held, row: MessageRow, quoted: MessageRow | null, originSocketId?: string): void {
    const senderId = String(row.senderId);
    const reached = held.other ? { deliveredSeq: 0, readSeq: 0 } : { deliveredSeq: row.seq, readSeq: row.seq };
    const reader = { userId: senderId, start: 0, reached };
    bus.publish('message.created', {
      conversationId: String(row.conversationId),
      type: held.conversation.type,
      userIds: held.conversation.userIds.map(String),
      message: { ...toMessage(row, quoted, reader), state: null },
      senderState: stateFor(row, reader),
      originSocketId,
    });
  }

  async function announce(
    held: Held,
    row: MessageRow,
    quoted: MessageRow | null,
    originSocketId?: string,
  ): Promise<void> {
    if (row.seq === 1) await conversations.announceFirst(String(row.conversationId));
    publish(held, row, quoted, originSocketId);
  }

  /** The first message of a clientId, when a rule refuses what may be its retry: a retry is answered before any rule. */
  async function earlier(actor: Actor, input: SendMessage, refusal: unknown): Promise<MessageRow> {
    const { conversationId, clientId } = input;
    const row = await rows.bySendKey({ conversationId, senderId: actor.userId, clientId });
    if (!row) throw refusal;
    return row;
  }

  async function asItIsNow(userId: string, row: MessageRow): Promise<Message> {
    const held = await conversations.standingOf(userId, String(row.conversationId));
    const [now] = await rows.byIds([String(row._id)]);
    const [message] = await viewsOf([now ?? row], readerOf(userId, held));
    if (!message) throw notFound();
    return message;
  }

  async function prepare(actor: Actor, input: SendMessage): Promise<Prepared> {
    const held = await conversations.standingOf(actor.userId, input.conversationId);
    const mentions = [...new Set(input.mentions ?? [])];
    const content = { text: input.text, replyTo: input.replyTo ?? null, mentions };
    try {
      return { held, content, quoted: await requireFit(held, input, mentions), first: null };
    } catch (refusal) {
      return { held, content, quoted: null, first: await earlier(actor, input, refusal) };
    }
  }

  /** Calls the log before anything is waited for: that is what keeps the order of a sender's messages. */
  async function land(
    actor: Actor,
    input: SendMessage,
    prepared: Prepared,
  ): Promise<{ message: Message; isNew: boolean }> {
    const { held, content, quoted, first } = prepared;
    const isSame = (digest: string): boolean => digests.isSame(digest, content);
    if (first) {
      if (!isSame(first.digest)) throw new Problem('client_id_reused');
      return { message: await asItIsNow(actor.userId, first), isNew: false };
    }
    const { conversationId, clientId } = input;
    const draft = { conversationId, senderId: actor.userId, clientId, digest: digests.of(content), ...content };
    const { row, isNew } = await log.append(draft, {
      // A direct conversation is never left, so nothing known here can refuse what was allowed a moment ago.
      refusal: () => null,
      isSame,
      announce: (landed) => announce(held, landed, quoted, actor.socketId),
    });
    if (!isNew) return { message: await asItIsNow(actor.userId, row), isNew };
    const reached = held.other ? reachedOf(held) : { deliveredSeq: row.seq, readSeq: row.seq };
    return { message: toMessage(row, quoted, { ...readerOf(actor.userId, held), reached }), isNew };
  }

  return {
    send: (actor, input) =>
      turns.inOrder(
        `${actor.userId} ${input.conversationId}`,
        () => prepare(actor, input),
        (prepared) => land(actor, input, prepared),
      ),
    async list({ userId }, { conversationId, before, after, around, limit }) {
      const held = await conversations.standingOf(userId, conversationId);
      const start = startOf(held.member);
      const above = Math.max(start, after ?? start);
      let found: MessageRow[];
      if (around !== undefined) {
        const half = Math.floor(limit / 2);
        const older = await rows.range(conversationId, { above: start, below: around, limit, nearest: 'below' });
        const from = Math.max(start, around - 1);
        const newer = await rows.range(conversationId, { above: from, below: null, limit, nearest: 'above' });
        // What one side lacks the other may fill.
        const takeOlder = Math.min(older.length, Math.max(half, limit - newer.length));
        found = [...older.slice(older.length - takeOlder), ...newer.slice(0, limit - takeOlder)];
      } else {
        const nearest = after === undefined ? 'below' : 'above';
        found = await rows.range(conversationId, { above, below: before ?? null, limit, nearest });
      }
      const first = found[0]?.seq ?? (after === undefined ? (before ?? 0) : above + 1);
      const last = found.at(-1)?.seq ?? (before === undefined ? above : before - 1);
      return {
        items: await viewsOf(found, readerOf(userId, held)),
        hasMoreBefore: held.conversation.seq > start && Math.min(first, held.conversation.seq + 1) > start + 1,
        hasMoreAfter: last < held.conversation.seq,
      };
    },
    async get({ userId }, messageId) {
      const row = await rows.byId(messageId);
      if (!row) throw notFound();
      const held = await conversations.standingOf(userId, String(row.conversationId));
      if (row.seq <= startOf(held.member)) throw notFound();
      const [message] = await viewsOf([row], readerOf(userId, held));
      if (!message) throw notFound();
      return message;
    },
    async announceSwept(row) {
      const held = await conversations.standingOf(String(row.senderId), String(row.conversationId));
      const quoted = row.replyTo ? await rows.byId(String(row.replyTo)) : null;
      await announce(held, row, quoted);
    },
  };
}
