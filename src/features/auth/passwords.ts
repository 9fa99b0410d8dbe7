import { availableParallelism } from 'node:os';
import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { unavailable } from '../../kernel/problem.js';

/** OWASP's parameters for argon2id, the default algorithm of the package. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const maxWaiting = 100;
/** The time of one hash on a small machine, from which `retryAfterMs` of a full queue is estimated. */
const estimatedHashMs = 40;

export interface Passwords {
  /** Throws `unavailable` if too many wait already. */
  hash(password: string): Promise<string>;
  /** Compares with a stored hash; with null, takes as long and returns false. Throws `unavailable` if too many wait. */
  matches(password: string, storedHash: string | null): Promise<boolean>;
}

/** Runs at most `slots` jobs at once and lets at most `waitingRoom` others wait. */
function createQueue(slots: number, waitingRoom: number): <Result>(job: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (job) => {
    if (running >= slots) {
      if (waiting.length >= waitingRoom) throw unavailable(undefined, estimatedHashMs * waitingRoom);
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** The form in which passwords are compared, so that it does not matter how a keyboard composes characters. */
export function normalizePassword(password: string): string {
  return password.normalize('NFKC');
}

/** Hashes and compares passwords; one core stays free for other work. `isLimited` limits how many may wait. */
export function createPasswords({ isLimited }: { isLimited: boolean }): Passwords {
  const runInOrder = createQueue(Math.max(1, availableParallelism() - 1), isLimited ? maxWaiting : Infinity);
  let dummyHash: Promise<string> | null = null;

  return {
    hash: (password) => runInOrder(() => hash(normalizePassword(password), parameters)),
    async matches(password, storedHash) {
      dummyHash ??= hash(randomBytes(16).toString('hex'), parameters);
      const known = storedHash ?? (await dummyHash);
      const isEqual = await runInOrder(() => verify(known, normalizePassword(password)));
      return isEqual && storedHash !== null;
    },
  };
}
