import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { Mentioned } from './notify-mentions.js';
import { isMuted, isNewTo, digestKeyOf } from '../../rules/notifications.js';
import type { PendingNotification, NotificationWriter } from './notification-writer.js';

interface Deps {
  members: Pick<MemberRepository, 'withoutUnreadNotificationIn'>;
  hidden: Pick<HiddenRepository, 'within'>;
  writer: NotificationWriter;
}

/** Builds what makes one notification for each person and spell of unread messages. */
export function createNotifyMembers({ members, hidden, writer }: Deps) {
  /** The newest of these messages that he has not hidden for himself. */
  async function newestShown(member: MemberRow, fresh: readonly MessageRow[]): Promise<MessageRow | null> {
    const [first, last] = [fresh[0], fresh.at(-1)];
    if (!first || !last) return null;
    if (member.lastHiddenSeq < first.seq) return last;
    const stretch = { conversationId: member.conversationId, above: first.seq - 1, upTo: last.seq };
    const hiddenMessages = new Set((await hidden.within(String(member.userId), [stretch])).map(({ seq }) => seq));
    return fresh.findLast(({ seq }) => !hiddenMessages.has(seq)) ?? null;
  }

  return async function speak(plain: readonly MessageRow[], mentioned: Mentioned): Promise<void> {
    const last = plain.at(-1);
    if (!last) return;
    const now = new Date();
    const withoutUnreadNotification = await members.withoutUnreadNotificationIn(last.conversationId, last.seq);
    const waiting = withoutUnreadNotification.filter((member) => !isMuted(member, now));
    const senders = [...new Set(plain.map(({ senderId }) => String(senderId)))];
    const asked = senders.map(async (sender) => [sender, await writer.blockersOf(sender, waiting)] as const);
    const blockers = new Map(await Promise.all(asked));
    const isFor = (userId: string, { _id, senderId }: MessageRow): boolean =>
      !mentioned.get(String(_id))?.has(userId) && !blockers.get(String(senderId))?.has(userId);
    const pending = waiting.map(async (member): Promise<PendingNotification[]> => {
      const userId = String(member.userId);
      const fresh = plain.filter((message) => isNewTo(member, message) && isFor(userId, message));
      const message = await newestShown(member, fresh);
      if (!message) return [];
      const { conversationId, senderId: actorId, _id: messageId } = message;
      const notification = { userId: member.userId, kind: 'message' as const, source: digestKeyOf(member) };
      return [{ member, notification: { ...notification, actorId, conversationId, messageId } }];
    });
    await writer.make((await Promise.all(pending)).flat(), true);
  };
}
