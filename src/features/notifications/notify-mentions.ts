import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import { isMuted, isNewTo, sees } from '../../rules/notifications.js';
import type { PendingNotification, NotificationWriter } from './notification-writer.js';

interface Deps {
  members: Pick<MemberRepository, 'among'>;
  writer: NotificationWriter;
}

/** Who is told by name of which message. */
export type Mentioned = Map<string, Set<string>>;

/** Builds what tells those whom a message mentions, else whom it answers; gives who was told. */
export function createNotifyMentions({ members, writer }: Deps) {
  function pendingFor(member: MemberRow, message: MessageRow, kind: 'mention' | 'reply'): PendingNotification {
    const { _id: messageId, conversationId, senderId: actorId, seq } = message;
    const notification = { userId: member.userId, kind, source: String(messageId) };
    return { member, notification: { ...notification, actorId, conversationId, messageId, seq } };
  }

  return async function address(message: MessageRow, quoted: MessageRow | null): Promise<Set<string>> {
    const senderId = String(message.senderId);
    const mutedMentions = new Set(message.unheard?.map(String));
    const mentioned = message.mentions.map(String).filter((id) => !mutedMentions.has(id));
    const answered = quoted?.senderId && quoted.type !== 'system' ? [String(quoted.senderId)] : [];
    const ids = [...new Set([...mentioned, ...answered])].filter((id) => id !== senderId);
    const present = (await members.among(message.conversationId, ids)).filter((member) => sees(member, message));
    const blockers = await writer.blockersOf(senderId, present);
    const now = new Date();
    const pending = present.flatMap((member): PendingNotification[] => {
      const userId = String(member.userId);
      const kind = mentioned.includes(userId) ? 'mention' : 'reply';
      const isQuiet = kind === 'reply' && (isMuted(member, now) || (quoted !== null && !sees(member, quoted)));
      return blockers.has(userId) || isQuiet || !isNewTo(member, message) ? [] : [pendingFor(member, message, kind)];
    });
    await writer.make(pending, false);
    return new Set(pending.map(({ member }) => String(member.userId)));
  };
}
