/** The marks of a member that the rules of reading go by. */
interface ReadPosition {
  readSeq: number;
  joinedSeq: number;
  clearedSeq: number;
}

/** The number up to which a member sees nothing. */
export function startOf({ joinedSeq, clearedSeq }: Omit<ReadPosition, 'readSeq'>): number {
  return Math.max(joinedSeq, clearedSeq);
}

/** The number from which on messages may be unread. */
export function floorOf(member: ReadPosition): number {
  return Math.max(member.readSeq, startOf(member));
}
