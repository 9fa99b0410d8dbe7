import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { InFlight } from '../../kernel/in-flight.js';
import { createKeyedQueue, type KeyedQueue } from '../../kernel/keyed-queue.js';
import { page } from '../../kernel/page.js';
import { Problem } from '../../kernel/problem.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { ReactionSummaryRepository } from '../../repositories/messages/reaction-summary-repository.js';
import type { Messages } from '../messages/messages.service.js';
import type { Users } from '../users/users.service.js';
import type { ReactionRow, ReactionRepository } from '../../repositories/reactions/reaction-repository.js';
import { maxEmoji, refusalOfReaction } from '../../rules/reactions.js';
import type { ListReactions, MessageReactions, React, ReactionList } from '@causerie/contract/reactions';

interface Deps {
  repository: ReactionRepository;
  summaries: ReactionSummaryRepository;
  messages: Pick<Messages, 'requireVisible' | 'get' | 'completeChange' | 'completeChanges'>;
  conversations: Pick<Conversations, 'requireNotBlocked'>;
  users: Pick<Users, 'refs'>;
  inFlight: Pick<InFlight, 'during'>;
  cursors: Cursors;
}

/** Reactions: each user has a set of emoji on each message. */
export interface Reactions {
  /**
   * Adds a reaction; nothing changes if it exists. Throws `not_found` if the actor cannot see the message, `forbidden` for
   * a tombstone and a system message, `not_contactable` after a block, and `conflict` beyond 20 different emoji.
   */
  add(actor: Actor, reaction: React): Promise<MessageReactions>;
  /** Removes a reaction; nothing changes if it does not exist. Throws the same except `conflict`. */
  remove(actor: Actor, reaction: React): Promise<MessageReactions>;
  /** The reactions to a message with their users, in the order of reacting; throws `not_found`. */
  list(actor: Actor, messageId: string, request: ListReactions): Promise<ReactionList>;
  /** Removes some of the reactions of a user and returns how many; 0 if none are left. */
  forget(userId: string): Promise<number>;
  /** Completes the reactions that were begun before a moment and interrupted. */
  completePending(before: Date): Promise<void>;
}

const pageSize = 200;

function createReactionList({ repository, messages, users, cursors }: Deps): Reactions['list'] {
  return async function listReactions({ userId }, messageId, { limit, cursor }) {
    const { row } = await messages.requireVisible(userId, messageId);
    const name = `reactions ${messageId}`;
    const after = cursor === undefined ? null : String(cursors.decode(name, userId, cursor));
    const found = await repository.page(row._id, after, limit + 1);
    const { rows, next } = page(found, limit, ({ _id }) => _id);
    const refs = await users.refs(rows.map((one) => one.userId));
    return {
      items: rows.flatMap(({ emoji, createdAt, ...one }) => {
        const user = refs.get(one.userId);
        return user ? [{ emoji, user, createdAt: createdAt.toISOString() }] : [];
      }),
      nextCursor: next === null ? null : cursors.encode(name, userId, next),
    };
  };
}

/** Completes reactions that were interrupted; `underWay` are the changes that this process is making. */
function createCompletion({ summaries, messages }: Deps, underWay: ReadonlySet<string>) {
  /** Another process may be making the same change: completing it twice is harmless. */
  async function complete(row: MessageRow): Promise<void> {
    for (const reaction of row.reacting ?? []) {
      if (underWay.has(reaction.changeId)) continue;
      const now = await summaries.applySummary(row._id, reaction, true);
      if (now && !now.deletedAt) await messages.completeChange(now, reaction.changeId);
    }
  }

  return {
    complete,
    async completePending(before: Date): Promise<void> {
      for (;;) {
        const found = await summaries.unfinished(before, pageSize);
        for (const row of found) await complete(row);
        if (found.length < pageSize) return;
      }
    },
  };
}

function createForgetting({ repository, summaries, messages }: Deps, byMessage: KeyedQueue): Reactions['forget'] {
  /** Removes a reaction without asking the rules; of a tombstone's reactions only the row is left. */
  async function removeReaction(row: ReactionRow): Promise<void> {
    const reaction = summaries.begin(row.emoji);
    await byMessage.run(row.messageId, async () => {
      const message = await summaries.reserve(row.messageId, reaction, maxEmoji);
      const isChanged = await repository.remove(row);
      const now = message && (await summaries.applySummary(message._id, reaction, isChanged));
      if (now && isChanged && !now.deletedAt) await messages.completeChange(now, reaction.changeId);
    });
  }

  return async function forget(userId) {
    const found = await repository.someOf(userId, pageSize);
    for (const row of found) await removeReaction(row);
    return found.length;
  };
}

export function createReactions(deps: Deps): Reactions {
  const { repository, summaries, messages, conversations, inFlight } = deps;
  /** The changes of one user to one message are answered in the order in which they are made. */
  const byUser = createKeyedQueue();
  const byMessage = createKeyedQueue();
  const underWay = new Set<string>();
  const { complete, completePending } = createCompletion(deps, underWay);

  async function answer(actor: Actor, messageId: string): Promise<MessageReactions> {
    const { rev, reactions } = await messages.get(actor, messageId);
    return { messageId, rev, reactions };
  }

  async function requireMayReact(
    actor: Actor,
    messageId: string,
  ): Promise<{ row: MessageRow; userId: MessageRow['_id'] }> {
    const { row, membership } = await messages.requireVisible(actor.userId, messageId);
    const refusal = refusalOfReaction({ isSystem: row.type === 'system', isDeleted: row.deletedAt !== null });
    if (refusal) throw new Problem(refusal);
    await conversations.requireNotBlocked(membership);
    return { row, userId: membership.member.userId };
  }

  /** Reserves a place first, so that a message never has too many emoji; then changes the reaction, then the summary. */
  async function change(actor: Actor, { messageId, emoji }: React, isAdded: boolean): Promise<MessageReactions> {
    const { row, userId } = await requireMayReact(actor, messageId);
    const key = { messageId: row._id, userId, emoji };
    await complete(row);
    if ((await repository.has(key)) === isAdded) {
      await messages.completeChanges(row);
      return answer(actor, messageId);
    }
    const reaction = summaries.begin(emoji);
    underWay.add(reaction.changeId);
    const summarized = await byMessage
      .run(messageId, async () => {
        if (!(await summaries.reserve(row._id, reaction, maxEmoji))) {
          await requireMayReact(actor, messageId);
          throw new Problem('conflict');
        }
        const isChanged = isAdded
          ? await repository.insert({ ...key, conversationId: row.conversationId })
          : await repository.remove(key);
        return { now: await summaries.applySummary(row._id, reaction, isChanged), isChanged };
      })
      .finally(() => underWay.delete(reaction.changeId));
    // A message that was deleted meanwhile has dropped the reaction: no change is pending, and none is numbered.
    const { now, isChanged } = summarized;
    if (now && isChanged && !now.deletedAt) await messages.completeChange(now, reaction.changeId, actor.socketId);
    return answer(actor, messageId);
  }

  const changeInOrder = (actor: Actor, request: React, isAdded: boolean): Promise<MessageReactions> =>
    byUser.run(`${actor.userId} ${request.messageId}`, () => inFlight.during(() => change(actor, request, isAdded)));

  return {
    add: (actor, request) => changeInOrder(actor, request, true),
    remove: (actor, request) => changeInOrder(actor, request, false),
    list: createReactionList(deps),
    completePending,
    forget: createForgetting(deps, byMessage),
  };
}
