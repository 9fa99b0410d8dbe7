import { type Counting, countsIn } from '../../views/counting.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';
import type { ReactionRepository } from '../../repositories/reactions/reaction-repository.js';
import type { Relations } from '../../views/relations.js';
import type { NotificationPublisher } from './publish.js';
import type {
  NotificationRow,
  NotificationRepository,
} from '../../repositories/notifications/notification-repository.js';
import { isMuted } from '../../rules/notifications.js';

interface Deps {
  repository: NotificationRepository;
  members: Pick<MemberRepository, 'among' | 'clearUnreadNotification'>;
  messages: Pick<MessageRepository, 'byIds'>;
  reactions: Pick<ReactionRepository, 'byOthers'>;
  relations: Pick<Relations, 'blockedBy'>;
  counting: Pick<Counting, 'of'>;
  publisher: NotificationPublisher;
}

/** Brings notifications in line with messages that were edited, deleted or reacted to. */
export function createOnChanges({ repository, members, messages, reactions, relations, counting, publisher }: Deps) {
  /** The author gets one notification per message, with the number of reactions from others. */
  async function countReactions(conversation: ConversationRow, message: MessageRow): Promise<void> {
    const [author] = await members.among(conversation._id, [String(message.senderId)]);
    if (!author || isMuted(author, new Date())) return;
    const blocked = await relations.blockedBy(author.userId);
    const { count, newest } = await reactions.byOthers(message._id, [author.userId, ...blocked]);
    if (!newest) {
      const known = (await repository.ofMessage(message._id)).filter(({ kind }) => kind === 'reaction');
      return publisher.removed(await repository.remove(known));
    }
    const { _id: messageId, conversationId } = message;
    const counted = await repository.countReactions({
      userId: author.userId,
      source: messageId,
      actorId: newest.userId,
      conversationId,
      messageId,
      count,
      data: { emoji: newest.emoji },
      newest: newest._id,
    });
    if (counted) await (counted.isNew ? publisher.created([counted.row]) : publisher.updated([counted.row]));
  }

  /** Removes the unread digests in which no unread message is left. */
  async function endEmptyDigests(conversation: ConversationRow, digests: readonly NotificationRow[]): Promise<void> {
    const present = await members.among(
      conversation._id,
      digests.map(({ userId }) => userId),
    );
    const counted = await Promise.all(
      present.map(async (member) => {
        const membership = { conversation, member, other: null };
        return { member, ...countsIn(await counting.of(member.userId, [membership]), membership) };
      }),
    );
    const empty = counted.filter(({ unreadCount }) => unreadCount === 0).map(({ member }) => member);
    await members.clearUnreadNotification(empty.map(({ _id }) => _id));
    const over = new Set(empty.map(({ userId }) => userId));
    await publisher.removed(await repository.remove(digests.filter(({ userId }) => over.has(userId))));
  }

  return async function onChanges(conversation: ConversationRow, messageIds: readonly string[]): Promise<void> {
    const found = await messages.byIds(messageIds);
    for (const message of found.filter(({ type }) => type !== 'system')) {
      if (message.deletedAt)
        await publisher.removed(
          await repository.remove((await repository.ofMessage(message._id)).filter(({ kind }) => kind !== 'message')),
        );
      else await countReactions(conversation, message);
    }
    if (found.some(({ deletedAt }) => deletedAt))
      await endEmptyDigests(conversation, await repository.digestsIn(conversation._id));
  };
}
