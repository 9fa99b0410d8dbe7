import type { Connection } from 'mongoose';
import { checkLog } from './checks/log.js';
import type { Storage } from '../drivers/storage.js';
import { checkMedia } from './checks/media.js';
import { checkPeople } from './checks/people.js';

/** Checks every invariant of a database, and of the stored files if a storage is given. Yields one sentence per violation. */
export async function* runChecks(connection: Connection, storage: Storage | null): AsyncGenerator<string> {
  yield* checkPeople(connection);
  yield* checkLog(connection);
  yield* checkMedia(connection, storage);
}
