import { type Counting, countsIn } from '../../views/counting.js';
import type { ConversationRow } from '../conversations/conversations.model.js';
import type { MemberRows } from '../conversations/members.model.js';
import type { MessageRow, MessageRows } from '../messages/messages.model.js';
import type { ReactionRows } from '../reactions/reactions.model.js';
import type { Relations } from '../users/relations.js';
import type { NotificationNews } from './notification-news.js';
import type { NotificationRow, NotificationRows } from './notifications.model.js';
import { isMuted } from './rules.js';

interface Deps {
  rows: NotificationRows;
  members: Pick<MemberRows, 'among' | 'unspeak'>;
  messages: Pick<MessageRows, 'byIds'>;
  reactions: Pick<ReactionRows, 'byOthers'>;
  relations: Pick<Relations, 'blockedBy'>;
  counting: Pick<Counting, 'of'>;
  news: NotificationNews;
}

/** Builds what messages that have changed do to notifications. */
export function createChangeMaking({ rows, members, messages, reactions, relations, counting, news }: Deps) {
  /** The author hears of reactions: one notification for a message, with how many there are. */
  async function countReactions(conversation: ConversationRow, message: MessageRow): Promise<void> {
    const [author] = await members.among(conversation._id, [String(message.senderId)]);
    if (!author || isMuted(author, new Date())) return;
    const blocked = await relations.blockedBy(String(author.userId));
    const { count, newest } = await reactions.byOthers(message._id, [String(author.userId), ...blocked]);
    if (!newest) {
      const known = (await rows.ofMessage(message._id)).filter(({ kind }) => kind === 'reaction');
      return news.removed(await rows.remove(known));
    }
    const { _id: messageId, conversationId } = message;
    const counted = await rows.countReactions({
      userId: author.userId,
      source: String(messageId),
      actorId: newest.userId,
      conversationId,
      messageId,
      count,
      data: { emoji: newest.emoji },
      newest: newest._id,
    });
    if (counted) await (counted.isNew ? news.created([counted.row]) : news.updated([counted.row]));
  }

  /** A spell in which nothing is left that is unread is over. */
  async function judgeSpells(conversation: ConversationRow, spells: readonly NotificationRow[]): Promise<void> {
    const present = await members.among(
      conversation._id,
      spells.map(({ userId }) => String(userId)),
    );
    const judged = await Promise.all(
      present.map(async (member) => {
        const held = { conversation, member, other: null };
        return { member, ...countsIn(await counting.of(String(member.userId), [held]), held) };
      }),
    );
    const empty = judged.filter(({ unreadCount }) => unreadCount === 0).map(({ member }) => member);
    await members.unspeak(empty.map(({ _id }) => _id));
    const over = new Set(empty.map(({ userId }) => String(userId)));
    await news.removed(await rows.remove(spells.filter(({ userId }) => over.has(String(userId)))));
  }

  return async function makeForChanges(conversation: ConversationRow, messageIds: readonly string[]): Promise<void> {
    const found = await messages.byIds(messageIds);
    for (const message of found.filter(({ type }) => type !== 'system')) {
      if (message.deletedAt)
        await news.removed(
          await rows.remove((await rows.ofMessage(message._id)).filter(({ kind }) => kind !== 'message')),
        );
      else await countReactions(conversation, message);
    }
    if (found.some(({ deletedAt }) => deletedAt))
      await judgeSpells(conversation, await rows.spellsIn(conversation._id));
  };
}
