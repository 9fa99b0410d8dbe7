import { expect, it } from 'vitest';
import { groupReceiptsFor, memberReceiptsFor } from './receipts.js';

it.each([
  [{ deliveredSeq: 9, readSeq: 7 }, null, { deliveredSeq: 9, readSeq: 7 }],
  [
    { deliveredSeq: 9, readSeq: 7 },
    { seq: 8, readSeq: 5 },
    { deliveredSeq: 9, readSeq: 5 },
  ],
  [
    { deliveredSeq: 9, readSeq: 4 },
    { seq: 8, readSeq: 5 },
    { deliveredSeq: 9, readSeq: 4 },
  ],
])('a group at %j is shown to a member whose receipts are frozen at %j as %j', (receipts, frozen, expected) => {
  expect(groupReceiptsFor(receipts, frozen)).toEqual(expected);
});

it.each([
  [{ deliveredSeq: 9, readSeq: 7 }, null, { deliveredSeq: 9, readSeq: 7 }],
  [
    { deliveredSeq: 12, readSeq: 11 },
    { seq: 8, readSeq: 5 },
    { deliveredSeq: 12, readSeq: 8 },
  ],
  [
    { deliveredSeq: 9, readSeq: 7 },
    { seq: 8, readSeq: 5 },
    { deliveredSeq: 9, readSeq: 7 },
  ],
])('a member at %j is shown to one whose receipts are frozen at %j as %j', (receipts, frozen, expected) => {
  expect(memberReceiptsFor(receipts, frozen)).toEqual(expected);
});
