/** The marks of a member that the rules of reading go by. */
interface Marks {
  readSeq: number;
  joinedSeq: number;
  clearedSeq: number;
}

/** The number up to which a member sees nothing. */
export function startOf({ joinedSeq, clearedSeq }: Omit<Marks, 'readSeq'>): number {
  return Math.max(joinedSeq, clearedSeq);
}

/** The number from which on messages may be unread. */
export function floorOf(member: Marks): number {
  return Math.max(member.readSeq, startOf(member));
}
