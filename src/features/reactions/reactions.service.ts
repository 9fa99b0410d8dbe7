import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { InFlight } from '../../kernel/in-flight.js';
import { createKeyedQueue, type KeyedQueue } from '../../kernel/keyed-queue.js';
import { Problem } from '../../kernel/problem.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { Messages } from '../messages/messages.service.js';
import type { Users } from '../users/users.service.js';
import type { ReactionRow, ReactionRepository } from '../../repositories/reactions/reaction-repository.js';
import { maxEmoji, reactRefusal } from '../../rules/reactions.js';
import type { ListReactions, MessageReactions, React, ReactionList } from '@causerie/contract/reactions';

interface Deps {
  repository: ReactionRepository;
  messages: Pick<Messages, 'seen' | 'get' | 'numberChange' | 'finishChanges'>;
  conversations: Pick<Conversations, 'requireNotBlocked'>;
  users: Pick<Users, 'refs'>;
  inFlight: Pick<InFlight, 'during'>;
  cursors: Cursors;
}

/** Reactions: a set of emoji for each person and message. */
export interface Reactions {
  /**
   * Adds one; what is there changes nothing. Throws `not_found` for who cannot see the message, `forbidden` for a
   * tombstone and a system message, `not_contactable` after a block, and `conflict` beyond 20 different emoji.
   */
  add(actor: Actor, reaction: React): Promise<MessageReactions>;
  /** Takes one away; what is not there changes nothing. Throws the same but for `conflict`. */
  remove(actor: Actor, reaction: React): Promise<MessageReactions>;
  /** Who has reacted, in the order of reacting; throws `not_found`. */
  list(actor: Actor, messageId: string, request: ListReactions): Promise<ReactionList>;
  /** Takes all reactions of a person away; gives how many there were. */
  forget(userId: string): Promise<number>;
  /** Finishes what was begun before a moment and cut off. */
  completePending(before: Date): Promise<void>;
}

const pageSize = 200;

/** Builds the list of who has reacted. */
function createReactionList({
  repository,
  messages,
  users,
  cursors,
}: Omit<Deps, 'conversations' | 'inFlight'>): Reactions['list'] {
  return async function list({ userId }, messageId, { limit, cursor }) {
    const { row } = await messages.seen(userId, messageId);
    const name = `reactions ${messageId}`;
    const after = cursor === undefined ? null : String(cursors.decode(name, userId, cursor));
    const found = await repository.page(row._id, after, limit + 1);
    const page = found.slice(0, limit);
    const refs = await users.refs(page.map((one) => String(one.userId)));
    const last = page.at(-1);
    return {
      items: page.flatMap(({ emoji, createdAt, ...one }) => {
        const user = refs.get(String(one.userId));
        return user ? [{ emoji, user, createdAt: createdAt.toISOString() }] : [];
      }),
      nextCursor: last && found.length > limit ? cursors.encode(name, userId, String(last._id)) : null,
    };
  };
}

type Writing = Pick<Deps, 'repository' | 'messages'>;

/** Builds what ends changes that were cut off. */
function createFinishing({ repository, messages }: Writing, underWay: ReadonlySet<string>) {
  /** Ends what a request has begun that nobody is working at here: it was cut off, or another process ends it as well. */
  async function finish(row: MessageRow): Promise<void> {
    for (const reacting of row.reacting ?? []) {
      if (underWay.has(String(reacting.changeId))) continue;
      const now = await repository.applySummary(row._id, reacting, true);
      if (now && !now.deletedAt) await messages.numberChange(now, reacting.changeId);
    }
  }

  return {
    finish,
    async completePending(before: Date): Promise<void> {
      for (;;) {
        const found = await repository.unfinished(before, pageSize);
        for (const row of found) await finish(row);
        if (found.length < pageSize) return;
      }
    },
  };
}

/** Builds what takes all reactions of a person away. */
function createForgetting({ repository, messages }: Writing, byMessage: KeyedQueue): Reactions['forget'] {
  /** The same change for who asks for nothing any more; of a tombstone the row alone is left. */
  async function withdraw(reaction: ReactionRow): Promise<void> {
    const reacting = repository.begin(reaction.emoji);
    await byMessage.run(String(reaction.messageId), async () => {
      const row = await repository.reserve(reaction.messageId, reacting, maxEmoji);
      const isChanged = await repository.remove(reaction);
      const now = row && (await repository.applySummary(row._id, reacting, isChanged));
      if (now && isChanged && !now.deletedAt) await messages.numberChange(now, reacting.changeId);
    });
  }

  return async function forget(userId) {
    const found = await repository.someOf(userId, pageSize);
    for (const row of found) await withdraw(row);
    return found.length;
  };
}

/** Builds the reactions of a server. */
export function createReactions({ repository, messages, conversations, users, inFlight, cursors }: Deps): Reactions {
  /** What one person does to one message is answered in the order in which it is done. */
  const byPerson = createKeyedQueue();
  const byMessage = createKeyedQueue();
  /** The changes that this process is working at. */
  const underWay = new Set<string>();
  const { finish, completePending } = createFinishing({ repository, messages }, underWay);

  async function answer(actor: Actor, messageId: string): Promise<MessageReactions> {
    const { rev, reactions } = await messages.get(actor, messageId);
    return { messageId, rev, reactions };
  }

  /** The message and the caller, where he may react. */
  async function admitted(actor: Actor, messageId: string): Promise<{ row: MessageRow; userId: MessageRow['_id'] }> {
    const { row, membership } = await messages.seen(actor.userId, messageId);
    const refusal = reactRefusal({ isSystem: row.type === 'system', isDeleted: row.deletedAt !== null });
    if (refusal) throw new Problem(refusal);
    await conversations.requireNotBlocked(membership);
    return { row, userId: membership.member.userId };
  }

  /** A place is kept first, so that there are never too many; then the row is changed; then what is shown of it. */
  async function change(actor: Actor, { messageId, emoji }: React, isAdded: boolean): Promise<MessageReactions> {
    const { row, userId } = await admitted(actor, messageId);
    const key = { messageId: row._id, userId, emoji };
    await finish(row);
    if ((await repository.has(key)) === isAdded) {
      await messages.finishChanges(row);
      return answer(actor, messageId);
    }
    const reacting = repository.begin(emoji);
    underWay.add(String(reacting.changeId));
    const summarized = await byMessage
      .run(messageId, async () => {
        if (!(await repository.reserve(row._id, reacting, maxEmoji))) {
          await admitted(actor, messageId);
          throw new Problem('conflict');
        }
        const isChanged = isAdded
          ? await repository.insert({ ...key, conversationId: row.conversationId })
          : await repository.remove(key);
        return { now: await repository.applySummary(row._id, reacting, isChanged), isChanged };
      })
      .finally(() => underWay.delete(String(reacting.changeId)));
    // A message that was deleted meanwhile shows nothing of it: there is no change to number, and no mark of one.
    const { now, isChanged } = summarized;
    if (now && isChanged && !now.deletedAt) await messages.numberChange(now, reacting.changeId, actor.socketId);
    return answer(actor, messageId);
  }

  const runInOrder = (actor: Actor, request: React, isAdded: boolean): Promise<MessageReactions> =>
    byPerson.run(`${actor.userId} ${request.messageId}`, () => inFlight.during(() => change(actor, request, isAdded)));

  return {
    add: (actor, request) => runInOrder(actor, request, true),
    remove: (actor, request) => runInOrder(actor, request, false),
    list: createReactionList({ repository, messages, users, cursors }),
    completePending,
    forget: createForgetting({ repository, messages }, byMessage),
  };
}
