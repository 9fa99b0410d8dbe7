/** The queue of jobs: what must happen, and may happen twice, is a row until it has happened. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../kernel/logger.js';
import type { JobRow, JobRepository } from '../repositories/jobs/job-repository.js';

/** A job as its handler sees it. */
export interface Job<Data> extends Pick<JobRow, 'key' | 'ownerId' | 'createdAt' | 'tries'> {
  data: Data;
  /** Is aborted when somebody else may have begun the same job: the lease is lost. */
  signal: AbortSignal;
}

/** Does a job; it may be done twice. What it throws has the job tried again later. */
export type Handler<Data> = (job: Job<Data>) => Promise<void>;

/** A job that is asked for. */
export interface JobRequest<Data> {
  key: string;
  data: Data;
  ownerId?: string | null;
}

/** A queue whose jobs are named in `Kinds`, each with the form of its data. */
export interface Queue<Kinds extends object> {
  /** Makes jobs durable, each once by its key while it is there; they begin a moment later. */
  add<Name extends keyof Kinds & string>(name: Name, jobs: readonly JobRequest<Kinds[Name]>[]): Promise<void>;
  /** Says who does the jobs of one name. */
  handle<Name extends keyof Kinds & string>(name: Name, handler: Handler<Kinds[Name]>): void;
  /** Begins to work; throws UnhandledJobError when there are jobs that nobody does. */
  start(): Promise<void>;
  /** Begins nothing more, and lets what is under way end, for a moment at most. */
  stop(): Promise<void>;
  waiting(): Promise<number>;
  dead(): Promise<number>;
}

/** In milliseconds. */
interface Times {
  /** How often is looked for what is due. */
  poll: number;
  /** How long nobody else gets a job that is being done. */
  lease: number;
  /** How often a lease is made longer. */
  beat: number;
}

interface Deps {
  repository: JobRepository;
  logger: Pick<Logger, 'warn' | 'error'>;
  /** Whether other processes may be doing jobs; else those that are held at the start are held by nobody. */
  isShared: boolean;
  times?: Times;
}

/** There are jobs in the database that this server does not know. */
export class UnhandledJobError extends Error {
  override readonly name = 'UnhandledJobError';
}

/** A job does not begin in the time of the request that has asked for it, so that this time tells nothing of it. */
const pauseMs = 300;
const usual: Times = { poll: 5_000, lease: 45_000, beat: 15_000 };
const atOnce = 4;
const maxAttempts = 8;
const firstBackoffMs = 4_000;
const stopWaitMs = 2_000;
const longestReason = 300;

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, longestReason);

/** After the first failure four seconds, and four times as long after each other one: about six hours in all. */
export const backoffMs = (tries: number): number => firstBackoffMs * 4 ** (tries - 1);

/** Builds what does one job from its claim to its end. */
function createPerforming(
  { repository, logger, times }: Omit<Required<Deps>, 'isShared'>,
  handlers: ReadonlyMap<string, Handler<never>>,
) {
  /** Holds a job while it is done; aborts when it is lost. */
  function hold(job: JobRow, lost: AbortController): () => void {
    const beat = setInterval(() => {
      repository
        .extend(job, new Date(Date.now() + times.lease))
        .then((isLeased) => !isLeased && lost.abort())
        // What the database does not answer is asked again before the lease ends.
        .catch(() => undefined);
    }, times.beat);
    return () => clearInterval(beat);
  }

  async function fail(job: JobRow, error: unknown): Promise<void> {
    const { name, key, tries } = job;
    if (tries >= maxAttempts) {
      logger.error({ err: error, job: name, key, tries }, 'a job has failed too often and is given up');
      return repository.bury(job, reasonOf(error));
    }
    const retryAfterMs = backoffMs(tries);
    logger.warn({ err: error, job: name, key, tries, retryAfterMs }, 'a job has failed and is tried again');
    await repository.postpone(job, { runAt: new Date(Date.now() + retryAfterMs), error: reasonOf(error) });
  }

  return async function perform(job: JobRow): Promise<void> {
    // One that ends the process each time never fails: its leases run out.
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

/** Throws UnhandledJobError when there are jobs that nobody does. */
async function requireKnown(repository: JobRepository, handlers: ReadonlyMap<string, unknown>): Promise<void> {
  const unknown = (await repository.names()).filter((name) => !handlers.has(name));
  if (unknown.length === 0) return;
  throw new UnhandledJobError(
    `The database has jobs that this server does not know: ${unknown.join(', ')}. Start the newer server that made them.`,
  );
}

/** Builds the queue of one process. */
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

  /** One more works, unless there are enough; who finds a job has the next one looked for. */
  function wake(): void {
    if (isStopped || running.size >= atOnce) return;
    const working = workOff()
      .catch((error: unknown) => logger.warn({ err: error }, 'the jobs that are due could not be read'))
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
