import { withTimeout } from '../kernel/timeouts.js';
import type { ChangeRow, ChangeRepository } from '../repositories/changes/change-repository.js';
import type { Entry, LogStream, Conflict } from './entry.js';

/** How the log treats changes: numbered by `rev`, and once for each `changeId`, whoever finishes it. */
export function changeStream(repository: ChangeRepository): LogStream<ChangeRow> {
  async function resolveConflict({ row }: Entry<ChangeRow>): Promise<Conflict<ChangeRow>> {
    const [first] = await repository.byChangeIds([row.changeId]);
    return first ? { by: 'first', row: first, isSame: true } : { by: 'number' };
  }

  return {
    numberOf: ({ rev }) => rev,
    setNumber(row, number) {
      row.rev = number;
    },
    insertInOrder: repository.insertInOrder,
    lastNumber: (conversationId) => withTimeout(repository.lastRev(conversationId)),
    byIds: (ids) => withTimeout(repository.byIds(ids)),
    resolveConflict: (entry) => withTimeout(resolveConflict(entry)),
  };
}
