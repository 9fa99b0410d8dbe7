import { availableParallelism } from 'node:os';
import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { unavailable } from '../../kernel/problem.js';

/** OWASP's parameters for argon2id, the algorithm that is the package's default. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const maxWaiting = 100;
/** What one hash takes on a small machine: how long the last in a full queue is told to wait. */
const roughlyMs = 40;

export interface Passwords {
  /** Throws `unavailable` when too many wait already. */
  hash(password: string): Promise<string>;
  /** Compares with a stored hash. With null it takes as long and says no. Throws `unavailable` when too many wait. */
  matches(password: string, storedHash: string | null): Promise<boolean>;
}

/** Runs at most `slots` jobs at once and lets at most `waitingRoom` others wait. */
function createQueue(
  cursorIndexes: number,
  waitingRoom: number,
): <Result>(job: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (job) => {
    if (running >= cursorIndexes) {
      if (waiting.length >= waitingRoom) throw unavailable(undefined, roughlyMs * waitingRoom);
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

/** Passwords are compared in this form, so that it does not matter how a keyboard composes its characters. */
export function normalised(password: string): string {
  return password.normalize('NFKC');
}

/** Hashes and compares passwords: one core stays free for everybody else. `isLimited` bounds who may wait. */
export function createPasswords({ isLimited }: { isLimited: boolean }): Passwords {
  const runInOrder = createQueue(Math.max(1, availableParallelism() - 1), isLimited ? maxWaiting : Infinity);
  let nobodysHash: Promise<string> | null = null;

  return {
    hash: (password) => runInOrder(() => hash(normalised(password), parameters)),
    async matches(password, storedHash) {
      nobodysHash ??= hash(randomBytes(16).toString('hex'), parameters);
      const known = storedHash ?? (await nobodysHash);
      const isEqual = await runInOrder(() => verify(known, normalised(password)));
      return isEqual && storedHash !== null;
    },
  };
}
