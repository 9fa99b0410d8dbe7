/** Which members are notified of a message. */
import { floorOf, startOf } from './conversations.js';

interface Reader {
  userId: string;
  conversationId: string;
  readSeq: number;
  joinedSeq: number;
  clearedSeq: number;
  mutedUntil: Date | null;
}

interface NewMessage {
  type: string;
  senderId: string | null;
  seq: number;
  deletedAt: Date | null;
}

/** Whether a message counts as unread for others at all. */
export function isCounted({ type, deletedAt }: Pick<NewMessage, 'type' | 'deletedAt'>): boolean {
  return type !== 'system' && deletedAt === null;
}

/** Whether a member has muted a conversation at a moment. */
export function isMuted({ mutedUntil }: Pick<Reader, 'mutedUntil'>, now: Date): boolean {
  return mutedUntil !== null && mutedUntil > now;
}

/** Whether a message is new to a member: they see it, have not read it, and have not written it. */
export function isNewTo(member: Reader, message: NewMessage): boolean {
  return message.seq > floorOf(member) && message.senderId !== member.userId;
}

/** Whether a member has been there long enough to see a message. */
export function sees(member: Reader, { seq }: Pick<NewMessage, 'seq'>): boolean {
  return seq > startOf(member);
}

/** Identifies an unread digest: the next one begins once the member has read, or emptied the conversation. */
export function digestKeyOf(member: Reader): string {
  return `${member.conversationId} ${floorOf(member)}`;
}
