/** Notifies the members of a conversation of its new messages: mentions and replies by name, everything else as one unread digest. */
import type { KeyedQueue } from '../../kernel/keyed-queue.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRepository, MemberRow } from '../../repositories/members/member-repository.js';
import type { MessageRepository, MessageRow } from '../../repositories/messages/message-repository.js';
import type { NotificationRepository } from '../../repositories/notifications/notification-repository.js';
import { addressOf, digestKeyOf, isCounted, isInDigest, isMuted, sees } from '../../rules/notifications.js';
import type { Relations } from '../../views/relations.js';
import {
  createNotificationWriter,
  type NotificationPublisher,
  type NotificationWriter,
  type PendingNotification,
} from './publish.js';

interface Deps {
  repository: NotificationRepository;
  members: Pick<MemberRepository, 'among' | 'withoutUnreadNotificationIn' | 'recordNotified'>;
  messages: Pick<MessageRepository, 'byIds'>;
  hidden: Pick<HiddenRepository, 'within'>;
  relations: Pick<Relations, 'relationships'>;
  publisher: NotificationPublisher;
  /** Serializes what happens to the notifications of one user. */
  queue: KeyedQueue;
}

type OnMessages = (conversation: ConversationRow, messages: readonly MessageRow[]) => Promise<void>;

/** The ids of the members who were notified of a message by name, by message id. */
type NotifiedByMessage = Map<string, Set<string>>;

/** Notifies the mentioned members of a message, and the author of the message it replies to; returns their ids. */
function createNotifyMentions({ members }: Pick<Deps, 'members'>, writer: NotificationWriter) {
  function pendingFor(member: MemberRow, message: MessageRow, kind: 'mention' | 'reply'): PendingNotification {
    const { _id: messageId, conversationId, senderId: actorId, seq } = message;
    const notification = { userId: member.userId, kind, source: messageId };
    return { member, notification: { ...notification, actorId, conversationId, messageId, seq } };
  }

  return async function notifyMentions(message: MessageRow, quoted: MessageRow | null): Promise<Set<string>> {
    const senderId = String(message.senderId);
    const mutedMentions = new Set(message.unheard);
    const mentioned = message.mentions.filter((id) => !mutedMentions.has(id));
    const answered = quoted?.senderId && quoted.type !== 'system' ? [quoted.senderId] : [];
    const ids = [...new Set([...mentioned, ...answered])].filter((id) => id !== senderId);
    const present = (await members.among(message.conversationId, ids)).filter((member) => sees(member, message));
    const blockers = await writer.blockersOf(senderId, present);
    const now = new Date();
    const pending = present.flatMap((member): PendingNotification[] => {
      const { userId } = member;
      const [isMentioned, hasBlocked] = [mentioned.includes(userId), blockers.has(userId)];
      const kind = addressOf({ member, message, quoted, isMentioned, hasBlocked, now });
      return kind === null ? [] : [pendingFor(member, message, kind)];
    });
    await writer.write(pending, false);
    return new Set(pending.map(({ member }) => member.userId));
  };
}

/** Writes one digest for each member without an unread one, of the newest message that they can see. */
function createNotifyMembers({ members, hidden }: Pick<Deps, 'members' | 'hidden'>, writer: NotificationWriter) {
  /** The newest of these messages that the member has not hidden. */
  async function newestVisible(member: MemberRow, fresh: readonly MessageRow[]): Promise<MessageRow | null> {
    const [first, last] = [fresh[0], fresh.at(-1)];
    if (!first || !last) return null;
    if (member.lastHiddenSeq < first.seq) return last;
    const stretch = { conversationId: member.conversationId, above: first.seq - 1, upTo: last.seq };
    const hiddenSeqs = new Set((await hidden.within(member.userId, [stretch])).map(({ seq }) => seq));
    return fresh.findLast(({ seq }) => !hiddenSeqs.has(seq)) ?? null;
  }

  return async function notifyMembers(messages: readonly MessageRow[], mentioned: NotifiedByMessage): Promise<void> {
    const last = messages.at(-1);
    if (!last) return;
    const now = new Date();
    const candidates = await members.withoutUnreadNotificationIn(last);
    const waiting = candidates.filter((member) => !isMuted(member, now));
    const senders = [...new Set(messages.map(({ senderId }) => String(senderId)))];
    const blockers = new Map(
      await Promise.all(senders.map(async (sender) => [sender, await writer.blockersOf(sender, waiting)] as const)),
    );
    const pending = waiting.map(async (member): Promise<PendingNotification[]> => {
      const { userId } = member;
      const fresh = messages.filter((message) => {
        const isAddressed = mentioned.get(message._id)?.has(userId) ?? false;
        const hasBlocked = blockers.get(String(message.senderId))?.has(userId) ?? false;
        return isInDigest({ member, message, isAddressed, hasBlocked });
      });
      const message = await newestVisible(member, fresh);
      if (!message) return [];
      const { conversationId, senderId: actorId, _id: messageId } = message;
      const notification = { userId: member.userId, kind: 'message' as const, source: digestKeyOf(member) };
      return [{ member, notification: { ...notification, actorId, conversationId, messageId } }];
    });
    await writer.write((await Promise.all(pending)).flat(), true);
  };
}

export function createOnMessages(deps: Deps): OnMessages {
  const { repository, messages, publisher, queue } = deps;
  const writer = createNotificationWriter(deps);
  const notifyMentions = createNotifyMentions(deps, writer);
  const notifyMembers = createNotifyMembers(deps, writer);

  /** Sending is reading: the sender's earlier notifications of this conversation become read. */
  async function readBySending(conversationId: string, sent: readonly MessageRow[]): Promise<void> {
    const last = new Map(sent.map(({ senderId, seq }) => [String(senderId), seq]));
    for (const [senderId, seq] of last) {
      await queue.run(senderId, async () => publisher.updated(await repository.readIn(senderId, conversationId, seq)));
    }
  }

  async function quotedBy(replies: readonly MessageRow[]): Promise<Map<string, MessageRow>> {
    const ids = replies.flatMap(({ replyTo }) => (replyTo ? [replyTo] : []));
    const found = ids.length === 0 ? [] : await messages.byIds(ids);
    return new Map(found.map((row) => [row._id, row]));
  }

  return async function onMessages(conversation, found) {
    const counted = found.filter(isCounted);
    await readBySending(conversation._id, counted);
    const quoted = await quotedBy(counted);
    const mentioned: NotifiedByMessage = new Map();
    for (const message of counted) {
      if (message.mentions.length === 0 && !message.replyTo) continue;
      mentioned.set(message._id, await notifyMentions(message, quoted.get(String(message.replyTo)) ?? null));
    }
    await notifyMembers(counted, mentioned);
  };
}

interface DigestDeps {
  repository: Pick<NotificationRepository, 'digestsIn'>;
  publisher: NotificationPublisher;
  isConnected(userId: string): boolean;
}

/** In larger groups devices count by themselves, from the messages that they receive. */
const maxGroupSize = 200;

/** Publishes the new count of unread digests that go on, to connected users. */
export function createUpdateDigests({ repository, publisher, isConnected }: DigestDeps): OnMessages {
  return async function updateDigests(conversation, found) {
    const [first] = found.filter(isCounted);
    if (!first || conversation.memberCount > maxGroupSize) return;
    const digests = await repository.digestsIn(conversation._id);
    await publisher.updated(
      digests.filter(({ userId, createdAt }) => isConnected(userId) && createdAt < first.createdAt),
    );
  };
}
