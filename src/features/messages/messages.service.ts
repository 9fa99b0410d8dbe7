import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import { notFound } from '../../kernel/problem.js';
import type { Log } from '../../log/log.js';
import type { Held } from '../../views/conversation-views.js';
import { stateFor, toMessage } from '../../views/message-view.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { ContentDigests } from './content-digest.js';
import { createMessageReading, readerOf } from './message-reading.js';
import type { MessageRow, MessageRows } from './messages.model.js';
import type { ListMessages, Message, MessageWindow, SendMessage } from './messages.schemas.js';
import { createSending } from './sending.js';
import { readWindow } from './windows.js';

interface Deps {
  rows: MessageRows;
  log: Pick<Log, 'append'>;
  conversations: Pick<Conversations, 'standingOf' | 'announceListed' | 'marks'>;
  digests: ContentDigests;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

export interface Messages {
  /**
   * Sends a message, once for each clientId. Throws `not_found` (the conversation, the quoted message, an upload),
   * `invalid_input` (a mention of who is no member), `client_id_reused` and `unavailable`.
   */
  send(actor: Actor, input: SendMessage): Promise<{ message: Message; isNew: boolean }>;
  /** Part of a conversation; throws `not_found` for who is no member. */
  list(actor: Actor, input: ListMessages): Promise<MessageWindow>;
  /** Throws `not_found` for who cannot see it. */
  get(actor: Actor, messageId: string): Promise<Message>;
  /** Announces a message that a sweep has found unannounced. */
  announceSwept(row: MessageRow): Promise<void>;
}

/** Builds the messages of a server. */
export function createMessages({ rows, log, conversations, digests, bus }: Deps): Messages {
  const reading = createMessageReading({ rows, conversations });

  async function announce(held: Held, row: MessageRow, quoted: MessageRow | null, originSocketId?: string) {
    const conversationId = String(row.conversationId);
    const isListing = [held.member, held.other].some((one) => one && !one.isListed && row.seq === startOf(one) + 1);
    if (isListing) await conversations.announceListed(conversationId, row.seq);
    const reached = held.other ? { deliveredSeq: 0, readSeq: 0 } : { deliveredSeq: row.seq, readSeq: row.seq };
    const sender = { userId: String(row.senderId), start: 0, reached };
    bus.publish('message.created', {
      conversationId,
      type: held.conversation.type,
      userIds: held.conversation.userIds.map(String),
      message: { ...toMessage(row, quoted, sender), state: null },
      senderState: stateFor(row, sender),
      originSocketId,
    });
    // Sending has taken the sender's own mark away, which his other devices cannot know from the message.
    if (held.member.markedUnread) await conversations.marks.announceOwn(sender.userId, conversationId);
  }

  return {
    send: createSending({ rows, log, conversations, digests, reading, announce }),
    async list({ userId }, { conversationId, ...asked }) {
      const held = await conversations.standingOf(userId, conversationId);
      const bounds = { start: startOf(held.member), seq: held.conversation.seq };
      const { rows: found, ...more } = await readWindow(rows, conversationId, asked, bounds);
      return { items: await reading.viewsOf(found, readerOf(userId, held)), ...more };
    },
    async get({ userId }, messageId) {
      const row = await rows.byId(messageId);
      if (!row) throw notFound();
      const held = await conversations.standingOf(userId, String(row.conversationId));
      if (row.seq <= startOf(held.member)) throw notFound();
      return reading.asItIsNow(userId, row);
    },
    async announceSwept(row) {
      const held = await conversations.standingOf(String(row.senderId), String(row.conversationId));
      const quoted = row.replyTo ? await rows.byId(String(row.replyTo)) : null;
      await announce(held, row, quoted);
    },
  };
}
