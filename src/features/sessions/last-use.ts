import type { SessionRow } from '../../repositories/sessions/session-repository.js';

const writtenEvery = 60_000;
const remembered = 10_000;

/** When sessions were last used: written at most once a minute, known to the process at once. */
export interface LastUse {
  /** Notes a use now and says whether it is time to write it. */
  record(row: SessionRow, at: Date): boolean;
  of(row: SessionRow): Date;
}

/** Gives the memory of one process of what it has not written yet. */
export function createLastUse(): LastUse {
  const unwritten = new Map<string, Date>();

  return {
    record(row, at) {
      const id = row._id;
      unwritten.delete(id);
      if (at.getTime() - row.lastUsedAt.getTime() >= writtenEvery) return true;
      unwritten.set(id, at);
      for (const [oldest] of unwritten) {
        if (unwritten.size <= remembered) break;
        unwritten.delete(oldest);
      }
      return false;
    },
    of(row) {
      const pending = unwritten.get(row._id);
      return pending !== undefined && pending > row.lastUsedAt ? pending : row.lastUsedAt;
    },
  };
}
