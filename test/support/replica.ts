import type { Socket } from 'socket.io-client';
import { api, type Target } from './client.js';
import type { TestUser } from './factories.js';
import { ask } from './sockets.js';
import type { Conversation, Message, SyncAnswer, SyncedConversation } from './wire.js';

/** What a device knows of one conversation. */
interface HeldConversation {
  conversation: Conversation;
  messages: Map<string, Message>;
  /** The seq from which the device has every message it may see. Changes below it arrive with the page that has the message. */
  floor: number;
}

/** A device that learns everything through sync alone, as the contract tells clients to. */
export class Replica {
  cursor: string | undefined;
  collections: Record<string, unknown> = {};
  readonly conversations = new Map<string, HeldConversation>();
  /** The number of sync responses applied. */
  answers = 0;

  constructor(
    readonly server: Target,
    readonly user: TestUser,
    readonly socket: Socket | null = null,
    readonly limit = 50,
  ) {}

  private async request(): Promise<SyncAnswer> {
    const input = { ...(this.cursor === undefined ? {} : { cursor: this.cursor }), limit: this.limit };
    if (this.socket) {
      const ack = await ask(this.socket, 'sync', input);
      if (!ack.ok) throw new Error(JSON.stringify(ack.error));
      return ack.data;
    }
    return (await api(this.server).as(this.user).post('/api/sync', input)).body;
  }

  private take({ conversation, messages, limited, hiddenMessageIds }: SyncedConversation): void {
    const before = this.conversations.get(conversation.id);
    const isNew = limited || !before;
    const held = isNew ? new Map<string, Message>() : before.messages;
    const oldest = Math.min(conversation.seq + 1, ...messages.map(({ seq }) => seq));
    const floor = isNew ? oldest : before.floor;
    for (const message of messages) {
      if (message.seq < floor) continue;
      const known = held.get(message.id);
      if (!known || known.rev <= message.rev) held.set(message.id, message);
      // An edit or a deletion changes the quotes of the message.
      for (const [id, other] of held) {
        if (other.replyTo?.id !== message.id || other.replyTo.excerpt === '') continue;
        held.set(id, { ...other, replyTo: { ...other.replyTo, excerpt: [...message.text].slice(0, 100).join('') } });
      }
    }
    for (const id of hiddenMessageIds) {
      held.delete(id);
      for (const [other, one] of held)
        if (one.replyTo?.id === id) held.set(other, { ...one, replyTo: { ...one.replyTo, excerpt: '' } });
    }
    this.conversations.set(conversation.id, { conversation, messages: held, floor });
  }

  /** Syncs until there is no more, and applies every response. */
  async sync(): Promise<void> {
    for (;;) {
      const answer = await this.request();
      this.answers += 1;
      this.cursor = answer.cursor;
      for (const name of ['me', 'contacts', 'blocked', 'notifications'] as const)
        if (name in answer) this.collections[name] = answer[name];
      for (const one of answer.conversations) this.take(one);
      for (const id of answer.removedConversationIds) this.conversations.delete(id);
      if (!answer.hasMore) return;
    }
  }

  /** Pages back to the first message of every conversation, like a user who scrolls up. */
  async fill(): Promise<void> {
    for (const [id, held] of this.conversations) {
      for (;;) {
        const before = Math.min(...[...held.messages.values()].map(({ seq }) => seq), Infinity);
        const range = Number.isFinite(before) ? `&before=${before}` : '';
        const { body } = await api(this.server)
          .as(this.user)
          .get(`/api/messages?conversationId=${id}&limit=100${range}`);
        for (const message of body.items) if (!held.messages.has(message.id)) held.messages.set(message.id, message);
        if (!body.hasMoreBefore) break;
      }
      held.floor = 0;
    }
  }

  /** Everything the device knows, in a comparable form; message states are derived from the conversation's receipts. */
  state(): unknown {
    const conversations = [...this.conversations].map(([id, { conversation, messages }]) => {
      const { peer, ...rest } = conversation;
      const { reached } = conversation;
      const own = (seq: number): string =>
        seq <= reached.readSeq ? 'read' : seq <= reached.deliveredSeq ? 'delivered' : 'sent';
      const stated = (message: Message): unknown => ({
        ...message,
        state: message.senderId === this.user.id ? own(message.seq) : null,
      });
      const held = [...messages.values()].sort((a, b) => a.seq - b.seq).map(stated);
      return [
        id,
        { ...rest, lastMessage: rest.lastMessage && stated(rest.lastMessage), peerId: peer?.id ?? null },
        held,
      ];
    });
    return { ...this.collections, conversations: conversations.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)) };
  }
}
