import type { HiddenRows } from '../conversations/hidden.model.js';
import type { MemberRow, MemberRows } from '../conversations/members.model.js';
import type { MessageRow } from '../messages/messages.model.js';
import type { Addressed } from './addressing.js';
import { isMuted, isNewTo, spellOf } from './rules.js';
import type { Due, Telling } from './telling.js';

interface Deps {
  members: Pick<MemberRows, 'unspokenIn'>;
  hidden: Pick<HiddenRows, 'within'>;
  telling: Telling;
}

/** Builds what makes one notification for each person and spell of unread messages. */
export function createSpeaking({ members, hidden, telling }: Deps) {
  /** The newest of these messages that he has not hidden for himself. */
  async function newestShown(member: MemberRow, fresh: readonly MessageRow[]): Promise<MessageRow | null> {
    const [first, last] = [fresh[0], fresh.at(-1)];
    if (!first || !last) return null;
    if (member.lastHiddenSeq < first.seq) return last;
    const stretch = { conversationId: member.conversationId, above: first.seq - 1, upTo: last.seq };
    const gone = new Set((await hidden.within(String(member.userId), [stretch])).map(({ seq }) => seq));
    return fresh.findLast(({ seq }) => !gone.has(seq)) ?? null;
  }

  return async function speak(plain: readonly MessageRow[], addressed: Addressed): Promise<void> {
    const last = plain.at(-1);
    if (!last) return;
    const now = new Date();
    const unspoken = await members.unspokenIn(last.conversationId, last.seq);
    const waiting = unspoken.filter((member) => !isMuted(member, now));
    const senders = [...new Set(plain.map(({ senderId }) => String(senderId)))];
    const asked = senders.map(async (sender) => [sender, await telling.deafTo(sender, waiting)] as const);
    const deaf = new Map(await Promise.all(asked));
    const isFor = (userId: string, { _id, senderId }: MessageRow): boolean =>
      !addressed.get(String(_id))?.has(userId) && !deaf.get(String(senderId))?.has(userId);
    const due = waiting.map(async (member): Promise<Due[]> => {
      const userId = String(member.userId);
      const fresh = plain.filter((message) => isNewTo(member, message) && isFor(userId, message));
      const message = await newestShown(member, fresh);
      if (!message) return [];
      const { conversationId, senderId: actorId, _id: messageId } = message;
      const notification = { userId: member.userId, kind: 'message' as const, source: spellOf(member) };
      return [{ member, notification: { ...notification, actorId, conversationId, messageId } }];
    });
    await telling.make((await Promise.all(due)).flat(), true);
  };
}
