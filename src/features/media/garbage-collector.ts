/** Removes what nobody uses: files first, rows last, so that a crash leaves nothing that is not found again. */
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
  isUsed: (row: UploadRow) => Promise<boolean>;
  /** Whether other processes may be storing files. */
  isShared: boolean;
  onError: (error: unknown) => void;
}

/** The collection; `wake` removes soon what was taken out of use. */
export type GarbageCollector = Pick<Worker, 'wake' | 'start' | 'stop'>;

const everyMs = 60_000;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const pageSize = 100;

/** Builds the collection. */
export function createGarbageCollector(deps: Deps): GarbageCollector {
  const { repository, quotas, storage, scratch, isUsed, onError } = deps;
  const startedAt = new Date();

  async function each(stage: Stage, before: Date, deed: (row: UploadRow) => Promise<unknown>): Promise<void> {
    for (let after: Date | null = null; !worker.isStopped();) {
      const found = await repository.inStage(stage, before, pageSize);
      for (const row of found) await deed(row);
      const last = found.at(-1)?.since ?? null;
      // What a deed has left where it was is looked at again in the next round.
      if (found.length < pageSize || (after && last && last <= after)) return;
      after = last;
    }
  }

  async function removeFile(row: UploadRow): Promise<void> {
    await storage.remove(row.key);
    await (row.isCharged ? quotas.release(row) : quotas.refund(row));
    await repository.remove(row._id);
  }

  /** What an old claim came to: attached where its claimer is there, free where it never came. */
  async function review(row: UploadRow): Promise<void> {
    if (await isUsed(row)) await repository.confirm(row);
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
