import type { Connection } from 'mongoose';
import { checkLog } from './checks/log.js';
import type { Storage } from '../drivers/storage.js';
import { checkMedia } from './checks/media.js';
import { checkPeople } from './checks/people.js';

/** Verifies every invariant of the data over a whole database, and of the files in its storage, where that is given; gives one sentence for each violation and nothing when it is sound. */
export async function* runChecks(connection: Connection, storage: Storage | null): AsyncGenerator<string> {
  yield* checkPeople(connection);
  yield* checkLog(connection);
  yield* checkMedia(connection, storage);
}
