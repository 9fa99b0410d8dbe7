/** Deletes unused uploads, the file before the row, so that no file is left without a row. */
import type { Scratch } from '../../drivers/scratch.js';
import type { Storage } from '../../drivers/storage.js';
import { createWorker, type Worker } from '../../kernel/worker.js';
import type { QuotaRepository } from '../../repositories/quotas/quota-repository.js';
import type { Stage, UploadRow, UploadRepository } from '../../repositories/uploads/upload-repository.js';

interface Deps {
  repository: UploadRepository;
  quotas: QuotaRepository;
  storage: Storage;
  scratch: Scratch;
  isCarried: (row: UploadRow) => Promise<boolean>;
  /** Whether other processes may be storing files. */
  isShared: boolean;
  onError: (error: unknown) => void;
}

/** Runs once a minute, and soon after `wake`. */
export type GarbageCollector = Pick<Worker, 'wake' | 'start' | 'stop'>;

const everyMs = 60_000;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const pageSize = 100;

export function createGarbageCollector(deps: Deps): GarbageCollector {
  const { repository, quotas, storage, scratch, isCarried, onError } = deps;
  const startedAt = new Date();

  async function each(stage: Stage, before: Date, visit: (row: UploadRow) => Promise<unknown>): Promise<void> {
    for (let after: Date | null = null; !worker.isStopped();) {
      const found = await repository.inStage(stage, before, pageSize);
      for (const row of found) await visit(row);
      const last = found.at(-1)?.since ?? null;
      // Rows that stay in their stage are visited again in the next round.
      if (found.length < pageSize || (after && last && last <= after)) return;
      after = last;
    }
  }

  async function removeFile(row: UploadRow): Promise<void> {
    await storage.remove(row.key);
    await (row.isCharged ? quotas.release(row) : quotas.refund(row));
    await repository.remove(row._id);
  }

  /** Resolves an old reservation: attached if its carrier is stored, released otherwise. */
  async function review(row: UploadRow): Promise<void> {
    if (await isCarried(row)) await repository.confirm(row);
    else await repository.release(row);
  }

  async function work(): Promise<void> {
    const ago = (ms: number): Date => new Date(Date.now() - ms);
    await each('writing', deps.isShared ? ago(hourMs) : startedAt, repository.discard);
    await each('claimed', ago(hourMs), review);
    await each('free', ago(dayMs), repository.discard);
    await each('going', new Date(Date.now() + 1000), removeFile);
  }

  const worker = createWorker({ everyMs, work, onError });

  return {
    wake: worker.wake,
    start() {
      scratch.removeLeftovers().catch(onError);
      worker.start();
    },
    async stop() {
      await worker.stop();
      await scratch.close();
    },
  };
}
