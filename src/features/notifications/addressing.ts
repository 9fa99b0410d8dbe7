import type { MemberRow, MemberRows } from '../conversations/members.model.js';
import type { MessageRow } from '../messages/messages.model.js';
import { isMuted, isNewTo, sees } from './rules.js';
import type { Due, Telling } from './telling.js';

interface Deps {
  members: Pick<MemberRows, 'among'>;
  telling: Telling;
}

/** Who is told by name of which message. */
export type Addressed = Map<string, Set<string>>;

/** Builds what tells those whom a message mentions, else whom it answers; gives who was told. */
export function createAddressing({ members, telling }: Deps) {
  function dueOf(member: MemberRow, message: MessageRow, kind: 'mention' | 'reply'): Due {
    const { _id: messageId, conversationId, senderId: actorId, seq } = message;
    const notification = { userId: member.userId, kind, source: String(messageId) };
    return { member, notification: { ...notification, actorId, conversationId, messageId, seq } };
  }

  return async function address(message: MessageRow, quoted: MessageRow | null): Promise<Set<string>> {
    const senderId = String(message.senderId);
    const unheard = new Set(message.unheard?.map(String));
    const mentioned = message.mentions.map(String).filter((id) => !unheard.has(id));
    const answered = quoted?.senderId && quoted.type !== 'system' ? [String(quoted.senderId)] : [];
    const ids = [...new Set([...mentioned, ...answered])].filter((id) => id !== senderId);
    const present = (await members.among(message.conversationId, ids)).filter((member) => sees(member, message));
    const deaf = await telling.deafTo(senderId, present);
    const now = new Date();
    const due = present.flatMap((member): Due[] => {
      const userId = String(member.userId);
      const kind = mentioned.includes(userId) ? 'mention' : 'reply';
      const isQuiet = kind === 'reply' && (isMuted(member, now) || (quoted !== null && !sees(member, quoted)));
      return deaf.has(userId) || isQuiet || !isNewTo(member, message) ? [] : [dueOf(member, message, kind)];
    });
    await telling.make(due, false);
    return new Set(due.map(({ member }) => String(member.userId)));
  };
}
