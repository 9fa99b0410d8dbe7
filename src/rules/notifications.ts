/** Who is notified of what: pure rules over the rows that the pump has read. */
import { floorOf, startOf } from './conversations.js';

/** What the rules need to know of a member. */
interface MemberFacts {
  userId: string;
  conversationId: string;
  readSeq: number;
  joinedSeq: number;
  clearedSeq: number;
  mutedUntil: Date | null;
}

/** What the rules need to know of a message. */
interface MessageFacts {
  type: string;
  senderId: string | null;
  seq: number;
  deletedAt: Date | null;
}

/** Whether a message counts as unread for others at all. */
export function isCounted({ type, deletedAt }: Pick<MessageFacts, 'type' | 'deletedAt'>): boolean {
  return type !== 'system' && deletedAt === null;
}

/** Whether a member has muted a conversation at a moment. */
export function isMuted({ mutedUntil }: Pick<MemberFacts, 'mutedUntil'>, now: Date): boolean {
  return mutedUntil !== null && mutedUntil > now;
}

/** Whether a message can be new to a member: he sees it, has not read it, and has not written it. */
export function isNewTo(member: MemberFacts, message: MessageFacts): boolean {
  return message.seq > floorOf(member) && String(message.senderId) !== member.userId;
}

/** Whether a member is there long enough to see a message. */
export function sees(member: MemberFacts, { seq }: Pick<MessageFacts, 'seq'>): boolean {
  return seq > startOf(member);
}

/** What makes one spell of unread messages another one. */
export function digestKeyOf(member: MemberFacts): string {
  return `${member.conversationId} ${floorOf(member)}`;
}
