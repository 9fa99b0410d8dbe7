import type { ProblemCode } from '@causerie/contract/problem-codes';

/** The fields of a member from which the unread messages follow. */
interface ReadPosition {
  readSeq: number;
  joinedSeq: number;
  clearedSeq: number;
}

type History = Omit<ReadPosition, 'readSeq'>;

/** The start of a member: the `seq` up to which they see nothing, because they joined later or emptied it. */
export function startOf({ joinedSeq, clearedSeq }: History): number {
  return Math.max(joinedSeq, clearedSeq);
}

/** The floor of a member: only messages above this `seq` can be unread. */
export function floorOf(member: ReadPosition): number {
  return Math.max(member.readSeq, startOf(member));
}

/** Whether a conversation belongs in the list of a member: the member put it there, or sees a message in it. */
export function isInList({ isListed, seq, ...history }: History & { isListed: boolean; seq: number }): boolean {
  return isListed || seq > startOf(history);
}

/** Whether a conversation passes the filter for unread ones; a member may mark one unread by hand. */
export function isUnread({ markedUnread, unreadCount }: { markedUnread: boolean; unreadCount: number }): boolean {
  return markedUnread || unreadCount > 0;
}

interface MutedState {
  archived: boolean;
  mutedUntil: Date | null;
  now: Date;
}

/** Whether a conversation adds nothing but mentions to the badge: it is archived, or muted at this moment. */
export function isQuiet({ archived, mutedUntil, now }: MutedState): boolean {
  return archived || (mutedUntil !== null && mutedUntil > now);
}

/** Whether a receipt may move to a `seq`: never beyond the last message. */
export function canRaiseTo({ seq, lastSeq }: { seq: number; lastSeq: number }): boolean {
  return seq <= lastSeq;
}

interface Opening {
  /** The other user accepts messages of the opener. */
  canWrite: boolean;
  /** One of the two is in as many conversations as a user can be in. */
  isCrowded: boolean;
}

/** Why a user may not open a new direct conversation; null if they may. An existing one can always be opened. */
export function refusalOfOpening({ canWrite, isCrowded }: Opening): ProblemCode | null {
  if (!canWrite) return 'not_contactable';
  return isCrowded ? 'conflict' : null;
}
