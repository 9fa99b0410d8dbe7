/** Which members are notified of a message, and of a change in their group. */
import type { NotificationKind } from '@causerie/contract/notifications';
import type { Role, SystemKind } from '@causerie/contract/roles';
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

/** A member whom a message addresses by name. */
interface Addressed {
  member: Reader;
  message: NewMessage;
  /** The message that it replies to; null if it is not a reply. */
  quoted: Pick<NewMessage, 'seq'> | null;
  isMentioned: boolean;
  /** The member has blocked the sender. */
  hasBlocked: boolean;
  now: Date;
}

/**
 * Whether a message notifies a member of a mention or of a reply to their message; null for neither. A mention is
 * notified even in a muted conversation, a reply is not.
 */
export function addressOf({
  member,
  message,
  quoted,
  isMentioned,
  hasBlocked,
  now,
}: Addressed): 'mention' | 'reply' | null {
  if (hasBlocked || !isNewTo(member, message)) return null;
  if (isMentioned) return 'mention';
  const isQuiet = isMuted(member, now) || (quoted !== null && !sees(member, quoted));
  return isQuiet ? null : 'reply';
}

/** Whether a message belongs to the unread digest of a member: nothing else has notified them of it. */
export function isInDigest({
  member,
  message,
  isAddressed,
  hasBlocked,
}: Omit<Addressed, 'quoted' | 'isMentioned' | 'now'> & { isAddressed: boolean }): boolean {
  return isNewTo(member, message) && !isAddressed && !hasBlocked;
}

/** Whether a notification is no longer needed, because its reader has read on, or is not a member any more (null). */
export function isSuperseded(
  member: Reader | null,
  { kind, source, seq }: { kind: NotificationKind; source: string; seq: number },
): boolean {
  if (member === null) return true;
  return kind === 'message' ? digestKeyOf(member) !== source : member.readSeq >= seq;
}

/** The notification of the users that a change in a group is about; null if there is none. */
export function notificationOfGroupChange({
  kind,
  role,
}: {
  kind: SystemKind;
  role: Role | null;
}): { kind: NotificationKind; role?: Role } | null {
  switch (kind) {
    case 'group_created':
    case 'member_added':
      return { kind: 'group_added' };
    case 'member_removed':
      return { kind: 'group_removed' };
    case 'ownership_transferred':
      return { kind: 'role_changed', role: 'creator' };
    case 'role_changed':
      return { kind: 'role_changed', ...(role ? { role } : {}) };
    default:
      return null;
  }
}
