import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { InFlight } from '../../kernel/in-flight.js';
import { createInTurn, type InTurn } from '../../kernel/in-turn.js';
import { Problem } from '../../kernel/problem.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow } from '../messages/messages.model.js';
import type { Messages } from '../messages/messages.service.js';
import type { Users } from '../users/users.service.js';
import type { ReactionRow, ReactionRows } from './reactions.model.js';
import { mostEmoji, reactRefusal } from './reactions.policy.js';
import type { ListReactions, MessageReactions, React, ReactionList } from './reactions.schemas.js';

interface Deps {
  rows: ReactionRows;
  messages: Pick<Messages, 'seen' | 'get' | 'numberChange' | 'finishChanges'>;
  conversations: Pick<Conversations, 'requireChange'>;
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
  list(actor: Actor, messageId: string, asked: ListReactions): Promise<ReactionList>;
  /** Takes all reactions of a person away; gives how many there were. */
  forget(userId: string): Promise<number>;
  /** Finishes what was begun before a moment and cut off. */
  finishBefore(before: Date): Promise<void>;
}

const pageSize = 200;

/** Builds the list of who has reacted. */
function createReactionList({
  rows,
  messages,
  users,
  cursors,
}: Omit<Deps, 'conversations' | 'inFlight'>): Reactions['list'] {
  return async function list({ userId }, messageId, { limit, cursor }) {
    const { row } = await messages.seen(userId, messageId);
    const name = `reactions ${messageId}`;
    const after = cursor === undefined ? null : String(cursors.decode(name, userId, cursor));
    const found = await rows.page(row._id, after, limit + 1);
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

type Writing = Pick<Deps, 'rows' | 'messages'>;

/** Builds what ends changes that were cut off. */
function createFinishing({ rows, messages }: Writing, underWay: ReadonlySet<string>) {
  /** Ends what a request has begun that nobody is working at here: it was cut off, or another process ends it as well. */
  async function finish(row: MessageRow): Promise<void> {
    for (const reacting of row.reacting ?? []) {
      if (underWay.has(String(reacting.changeId))) continue;
      const now = await rows.settle(row._id, reacting, true);
      if (now && !now.deletedAt) await messages.numberChange(now, reacting.changeId);
    }
  }

  return {
    finish,
    async finishBefore(before: Date): Promise<void> {
      for (;;) {
        const found = await rows.unfinished(before, pageSize);
        for (const row of found) await finish(row);
        if (found.length < pageSize) return;
      }
    },
  };
}

/** Builds what takes all reactions of a person away. */
function createForgetting({ rows, messages }: Writing, byMessage: InTurn): Reactions['forget'] {
  /** The same change for who asks for nothing any more; of a tombstone the row alone is left. */
  async function withdraw(reaction: ReactionRow): Promise<void> {
    const reacting = rows.begin(reaction.emoji);
    await byMessage(String(reaction.messageId), async () => {
      const row = await rows.reserve(reaction.messageId, reacting, mostEmoji);
      const isChanged = await rows.remove(reaction);
      const now = row && (await rows.settle(row._id, reacting, isChanged));
      if (now && isChanged && !now.deletedAt) await messages.numberChange(now, reacting.changeId);
    });
  }

  return async function forget(userId) {
    const found = await rows.someOf(userId, pageSize);
    for (const row of found) await withdraw(row);
    return found.length;
  };
}

/** Builds the reactions of a server. */
export function createReactions({ rows, messages, conversations, users, inFlight, cursors }: Deps): Reactions {
  /** What one person does to one message is answered in the order in which it is done. */
  const byPerson = createInTurn();
  const byMessage = createInTurn();
  /** The changes that this process is working at. */
  const underWay = new Set<string>();
  const { finish, finishBefore } = createFinishing({ rows, messages }, underWay);

  async function answer(actor: Actor, messageId: string): Promise<MessageReactions> {
    const { rev, reactions } = await messages.get(actor, messageId);
    return { messageId, rev, reactions };
  }

  /** The message and the caller, where he may react. */
  async function admitted(actor: Actor, messageId: string): Promise<{ row: MessageRow; userId: MessageRow['_id'] }> {
    const { row, held } = await messages.seen(actor.userId, messageId);
    const refusal = reactRefusal({ isSystem: row.type === 'system', isDeleted: row.deletedAt !== null });
    if (refusal) throw new Problem(refusal);
    await conversations.requireChange(held);
    return { row, userId: held.member.userId };
  }

  /** A place is kept first, so that there are never too many; then the row is changed; then what is shown of it. */
  async function change(actor: Actor, { messageId, emoji }: React, isAdded: boolean): Promise<MessageReactions> {
    const { row, userId } = await admitted(actor, messageId);
    const key = { messageId: row._id, userId, emoji };
    await finish(row);
    if ((await rows.has(key)) === isAdded) {
      await messages.finishChanges(row);
      return answer(actor, messageId);
    }
    const reacting = rows.begin(emoji);
    underWay.add(String(reacting.changeId));
    const settled = await byMessage(messageId, async () => {
      if (!(await rows.reserve(row._id, reacting, mostEmoji))) {
        await admitted(actor, messageId);
        throw new Problem('conflict');
      }
      const isChanged = isAdded
        ? await rows.insert({ ...key, conversationId: row.conversationId })
        : await rows.remove(key);
      return { now: await rows.settle(row._id, reacting, isChanged), isChanged };
    }).finally(() => underWay.delete(String(reacting.changeId)));
    // A message that was deleted meanwhile shows nothing of it: there is no change to number, and no mark of one.
    const { now, isChanged } = settled;
    if (now && isChanged && !now.deletedAt) await messages.numberChange(now, reacting.changeId, actor.socketId);
    return answer(actor, messageId);
  }

  const inTurn = (actor: Actor, asked: React, isAdded: boolean): Promise<MessageReactions> =>
    byPerson(`${actor.userId} ${asked.messageId}`, () => inFlight.during(() => change(actor, asked, isAdded)));

  return {
    add: (actor, asked) => inTurn(actor, asked, true),
    remove: (actor, asked) => inTurn(actor, asked, false),
    list: createReactionList({ rows, messages, users, cursors }),
    finishBefore,
    forget: createForgetting({ rows, messages }, byMessage),
  };
}
