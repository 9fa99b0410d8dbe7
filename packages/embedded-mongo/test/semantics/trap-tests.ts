/** Tests of what engines like this one tend to get wrong. */
import { afterAll, beforeAll, it } from 'vitest';
import type { Case, Document } from '../corpus/case.js';
import { openTarget, runCase, type Target } from '../corpus/run-case.js';

type Trap = Omit<Case, 'name' | 'page'>;

export interface TrapTests {
  /** Tests that a case holds. */
  holds(name: string, test: Trap): void;
  /** The same, but not against a MongoDB: it may well allow what this store rejects. */
  holdsHere(name: string, test: Trap): void;
  /** Tests which documents a filter matches. */
  finds(name: string, docs: readonly Document[], filter: Document, ids: readonly number[]): void;
  /** Tests the result of a pipeline. */
  gives(name: string, docs: readonly Document[], pipeline: readonly Document[], result: readonly Document[]): void;
  /** Tests the error code of a pipeline. */
  fails(name: string, docs: readonly Document[], pipeline: readonly Document[], code: number): void;
  /** Tests the result of an update of one document. */
  becomes(name: string, before: Document, u: unknown, after: Document, q?: Document): void;
  /** Tests the error code of an update. */
  rejects(name: string, before: Document, u: unknown, code: number, q?: Document): void;
}

/** Creates tests on a database of their own. */
export function createTrapTests(label: string): TrapTests {
  let target: Target;
  let count = 0;
  beforeAll(async () => {
    target = await openTarget(label);
  });
  afterAll(async () => {
    await target.close();
  });

  const run = (name: string, test: Trap): Promise<void> =>
    runCase(target, { name, page: 'operator', ...test }, `trap_${++count}`);
  const holds: TrapTests['holds'] = (name, test) => {
    it(name, () => run(name, test));
  };
  return {
    holds,
    holdsHere: (name, test) => {
      it.skipIf(process.env['MONGODB_URI'])(name, () => run(name, test));
    },
    finds: (name, docs, filter, ids) => holds(name, { docs, run: { find: 'c', filter }, ids }),
    gives: (name, docs, pipeline, result) =>
      holds(name, { docs, run: { aggregate: 'c', pipeline, cursor: {} }, gives: result }),
    fails: (name, docs, pipeline, code) => holds(name, { docs, run: { aggregate: 'c', pipeline, cursor: {} }, code }),
    becomes: (name, before, u, after, q = {}) =>
      holds(name, { docs: [before], run: { update: 'c', updates: [{ q, u }] }, after: [{ _id: 1, ...after }] }),
    rejects: (name, before, u, code, q = {}) =>
      holds(name, { docs: [before], run: { update: 'c', updates: [{ q, u }] }, code }),
  };
}
