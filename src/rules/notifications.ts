/** Who is notified of what: pure rules over the rows that the pump has read. */
import type { MemberRow } from '../repositories/members/member-repository.js';
import { floorOf, startOf } from './conversations.js';
import type { MessageRow } from '../repositories/messages/message-repository.js';

/** Whether a message counts as unread for others at all. */
export function isCounted({ type, deletedAt }: MessageRow): boolean {
  return type !== 'system' && deletedAt === null;
}

/** Whether a member has muted a conversation at a moment. */
export function isMuted({ mutedUntil }: Pick<MemberRow, 'mutedUntil'>, now: Date): boolean {
  return mutedUntil !== null && mutedUntil > now;
}

/** Whether a message can be new to a member: he sees it, has not read it, and has not written it. */
export function isNewTo(member: MemberRow, message: MessageRow): boolean {
  return message.seq > floorOf(member) && String(message.senderId) !== String(member.userId);
}

/** Whether a member is there long enough to see a message. */
export function sees(member: MemberRow, { seq }: Pick<MessageRow, 'seq'>): boolean {
  return seq > startOf(member);
}

/** What makes one spell of unread messages another one. */
export function digestKeyOf(member: MemberRow): string {
  return `${String(member.conversationId)} ${floorOf(member)}`;
}
