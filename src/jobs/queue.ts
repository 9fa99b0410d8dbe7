/** The job queue: work that must happen, and may happen twice, is a row until it is done. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../kernel/logger.js';
import type { JobRow, JobRepository } from '../repositories/jobs/job-repository.js';

/** A job, as its handler gets it. */
export interface Job<Data> extends Pick<JobRow, 'key' | 'ownerId' | 'createdAt' | 'tries'> {
  data: Data;
  /** Aborted when the lease is lost: another process may have started the same job. */
  signal: AbortSignal;
}

/** Runs a job, possibly twice. If it throws, the job is retried later. */
export type Handler<Data> = (job: Job<Data>) => Promise<void>;

export interface JobRequest<Data> {
  key: string;
  data: Data;
  ownerId?: string | null;
}

/** A queue whose jobs are named in `Kinds`, each with the type of its data. */
export interface Queue<Kinds extends object> {
  /** Stores jobs durably, one per key; they start a moment later. */
  add<Name extends keyof Kinds & string>(name: Name, jobs: readonly JobRequest<Kinds[Name]>[]): Promise<void>;
  handle<Name extends keyof Kinds & string>(name: Name, handler: Handler<Kinds[Name]>): void;
  /** Starts working; throws UnhandledJobError if a stored job has no handler. */
  start(): Promise<void>;
  /** Starts no more jobs, and waits a moment for those in progress. */
  stop(): Promise<void>;
  waiting(): Promise<number>;
  dead(): Promise<number>;
}

/** In milliseconds. */
interface Times {
  /** How often the queue looks for due jobs. */
  poll: number;
  /** How long a lease lasts. */
  lease: number;
  /** How often a lease is renewed. */
  beat: number;
}

interface Deps {
  repository: JobRepository;
  logger: Pick<Logger, 'warn' | 'error'>;
  /** Whether other processes may run jobs; if not, leases found at the start are void. */
  isShared: boolean;
  times?: Times;
}

/** The database holds jobs that this server has no handler for. */
export class UnhandledJobError extends Error {
  override readonly name = 'UnhandledJobError';
}

/** A job never starts during the request that created it, so that the request's duration reveals nothing about it. */
const pauseMs = 300;
const usual: Times = { poll: 5_000, lease: 45_000, beat: 15_000 };
const atOnce = 4;
const maxAttempts = 8;
const firstBackoffMs = 4_000;
const stopWaitMs = 2_000;
const longestReason = 300;

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, longestReason);

/** The delay after the first failure is four seconds and grows fourfold: about six hours in all. */
export const backoffMs = (tries: number): number => firstBackoffMs * 4 ** (tries - 1);

/** Creates the run of one job, from its lease to its end. */
function createPerforming(
  { repository, logger, times }: Omit<Required<Deps>, 'isShared'>,
  handlers: ReadonlyMap<string, Handler<never>>,
) {
  /** Renews the lease while the job runs; aborts if it is lost. */
  function hold(job: JobRow, lost: AbortController): () => void {
    const beat = setInterval(() => {
      repository
        .extend(job, new Date(Date.now() + times.lease))
        .then((isLeased) => !isLeased && lost.abort())
        // If the database does not respond, the renewal is retried before the lease ends.
        .catch(() => undefined);
    }, times.beat);
    return () => clearInterval(beat);
  }

  async function fail(job: JobRow, error: unknown): Promise<void> {
    const { name, key, tries } = job;
    if (tries >= maxAttempts) {
      logger.error({ err: error, job: name, key, tries }, 'job failed too often; giving up (see: npm run doctor)');
      return repository.markDead(job, reasonOf(error));
    }
    const retryAfterMs = backoffMs(tries);
    logger.warn({ err: error, job: name, key, tries, retryAfterMs }, 'job failed; retrying');
    await repository.postpone(job, { runAt: new Date(Date.now() + retryAfterMs), error: reasonOf(error) });
  }

  return async function perform(job: JobRow): Promise<void> {
    // A job that crashes the process never reports a failure, so expired leases count as attempts.
    if (job.tries > maxAttempts) return fail(job, new Error('It never came to an end.'));
    const lost = new AbortController();
    const release = hold(job, lost);
    const { key, ownerId, createdAt, tries, data } = job;
    try {
      await handlers.get(job.name)?.({ key, ownerId, createdAt, tries, data: data as never, signal: lost.signal });
    } catch (error) {
      if (!lost.signal.aborted) await fail(job, error);
      return;
    } finally {
      release();
    }
    await repository.remove(job);
  };
}

/** Throws UnhandledJobError if a stored job has no handler. */
async function requireKnown(repository: JobRepository, handlers: ReadonlyMap<string, unknown>): Promise<void> {
  const unknown = (await repository.names()).filter((name) => !handlers.has(name));
  if (unknown.length === 0) return;
  throw new UnhandledJobError(
    `The database has jobs that this server does not know: ${unknown.join(', ')}. Start the newer server that made them.`,
  );
}

export function createQueue<Kinds extends object>({ repository, logger, isShared, times = usual }: Deps): Queue<Kinds> {
  const handlers = new Map<string, Handler<never>>();
  const perform = createPerforming({ repository, logger, times }, handlers);
  const running = new Set<Promise<void>>();
  let poll: NodeJS.Timeout | null = null;
  let soon: NodeJS.Timeout | null = null;
  let isStopped = true;

  async function workOff(): Promise<void> {
    while (!isStopped) {
      const now = Date.now();
      const lease = { now: new Date(now), leaseEnd: new Date(now + times.lease) };
      const job = await repository.lease(randomUUID(), [...handlers.keys()], lease);
      if (!job) return;
      wakeSoon(0);
      await perform(job);
    }
  }

  /** Adds a worker unless there are enough; a worker that finds a job starts the next one. */
  function wake(): void {
    if (isStopped || running.size >= atOnce) return;
    const working = workOff()
      .catch((error: unknown) => logger.warn({ err: error }, 'reading due jobs failed; retrying'))
      .finally(() => running.delete(working));
    running.add(working);
  }

  function wakeSoon(ms: number): void {
    if (isStopped) return;
    if (soon) clearTimeout(soon);
    soon = setTimeout(wake, ms);
    soon.unref();
  }

  return {
    async add(name, jobs) {
      const runAt = new Date(Date.now() + pauseMs);
      await repository.insert(
        jobs.map(({ key, data, ownerId = null }) => ({ name, key, ownerId, data: data as object, runAt })),
      );
      wakeSoon(pauseMs);
    },
    handle: (name, handler) => void handlers.set(name, handler),
    async start() {
      await requireKnown(repository, handlers);
      if (!isShared) await repository.release();
      isStopped = false;
      poll = setInterval(wake, times.poll);
      poll.unref();
      wake();
    },
    async stop() {
      isStopped = true;
      if (poll) clearInterval(poll);
      if (soon) clearTimeout(soon);
      await Promise.race([Promise.all(running), wait(stopWaitMs, undefined, { ref: false })]);
    },
    waiting: () => repository.count('waiting'),
    dead: () => repository.count('dead'),
  };
}
