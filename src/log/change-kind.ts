import { inTime } from '../kernel/patience.js';
import type { ChangeRow, ChangeRows } from './change.model.js';
import type { Entry, Kind, Taken } from './entry.js';

/** How the log treats changes: numbered by `rev`, and once for each `changeId`, whoever finishes it. */
export function changeKind(rows: ChangeRows): Kind<ChangeRow> {
  async function judgeTaken({ row }: Entry<ChangeRow>): Promise<Taken<ChangeRow>> {
    const [first] = await rows.byChangeIds([row.changeId]);
    return first ? { by: 'first', row: first, isSame: true } : { by: 'number' };
  }

  return {
    numberOf: ({ rev }) => rev,
    setNumber(row, number) {
      row.rev = number;
    },
    insertInOrder: rows.insertInOrder,
    lastNumber: (conversationId) => inTime(rows.lastRev(conversationId)),
    byIds: (ids) => inTime(rows.byIds(ids)),
    judgeTaken: (entry) => inTime(judgeTaken(entry)),
  };
}
