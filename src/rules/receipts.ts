/** Which receipts a member sees of others: never beyond what they show, and none beyond the frozen ones of a member who hides. */

interface Receipts {
  deliveredSeq: number;
  readSeq: number;
}

/** The receipts of others as they were when a member began to hide their own reading; null if they do not hide it. */
type Frozen = { seq: number; readSeq: number } | null;

/** The receipts of a group, the lowest of its members, as a member sees them. */
export function groupReceiptsFor({ deliveredSeq, readSeq }: Receipts, frozen: Frozen): Receipts {
  return { deliveredSeq, readSeq: Math.min(readSeq, frozen?.readSeq ?? Infinity) };
}

/** The receipts that one member shows, as another one sees them. */
export function memberReceiptsFor({ deliveredSeq, readSeq }: Receipts, frozen: Frozen): Receipts {
  return { deliveredSeq, readSeq: Math.min(readSeq, frozen?.seq ?? Infinity) };
}
