import type { Connection } from 'mongoose';
import { checkLog } from './checks/log.js';
import { checkPeople } from './checks/people.js';

/** Verifies every invariant of the data over a whole database; gives one sentence for each violation and nothing when it is sound. */
export async function* runChecks(connection: Connection): AsyncGenerator<string> {
  yield* checkPeople(connection);
  yield* checkLog(connection);
}
