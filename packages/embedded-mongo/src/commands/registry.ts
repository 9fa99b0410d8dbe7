/** Every command there is: what it does, and whether it writes. */
import { CommandError, unsupported } from '../errors.js';
import { isNumeric } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { aggregate } from './aggregate.js';
import type { Call, Reply, Task } from './call.js';
import { backupTo } from './backup.js';
import { bulkWrite } from './bulk-write.js';
import { collMod, create, drop, dropDatabase, listCollections, listDatabases } from './collections.js';
import { findAndModify } from './find-and-modify.js';
import { HANDSHAKE } from './handshake.js';
import { createIndexes, dropIndexes, listIndexes } from './indexes.js';
import { count, distinct, find, getMore, killCursors } from './read.js';
import { insert, remove, update } from './write.js';

interface Writing {
  /** It runs inside a transaction, with the other writes of its turn. */
  readonly writes: true;
  readonly run: (call: Call) => Task | Reply;
}

interface Reading {
  readonly writes: false;
  readonly run: (call: Call) => Task | Reply | Promise<Reply>;
}

export type Command = Reading | Writing;

const reading = (run: Reading['run']): Command => ({ writes: false, run });
const writing = (run: Writing['run']): Command => ({ writes: true, run });

function configureFailPoint(call: Call): Reply {
  call.engine.failPoints.configure(call.body);
  return { count: 0, ok: 1 };
}

function setParameter(call: Call): Reply {
  const { ttlMonitorSleepSecs: seconds, cursorTimeoutMillis: millis } = call.body;
  if (isNumeric(seconds)) call.engine.setTtlSeconds(toDouble(seconds));
  else if (isNumeric(millis)) call.engine.cursors.setTimeoutMs(toDouble(millis));
  else throw new CommandError(72, 'no option found to set');
  return { ok: 1 };
}

const COMMANDS: Readonly<Record<string, Command>> = {
  ...Object.fromEntries(Object.entries(HANDSHAKE).map(([name, run]) => [name, reading(run)])),
  find: reading(find),
  aggregate: reading(aggregate),
  getMore: reading(getMore),
  killCursors: reading(killCursors),
  count: reading(count),
  distinct: reading(distinct),
  listCollections: reading(listCollections),
  listDatabases: reading(listDatabases),
  listIndexes: reading(listIndexes),
  insert: writing(insert),
  update: writing(update),
  delete: writing(remove),
  bulkWrite: writing(bulkWrite),
  findAndModify: writing(findAndModify),
  findandmodify: writing(findAndModify),
  create: writing(create),
  drop: writing(drop),
  dropDatabase: writing(dropDatabase),
  collMod: writing(collMod),
  createIndexes: writing(createIndexes),
  dropIndexes: writing(dropIndexes),
  deleteIndexes: writing(dropIndexes),
};

const TEST_COMMANDS: Readonly<Record<string, Command>> = {
  configureFailPoint: reading(configureFailPoint),
  setParameter: reading(setParameter),
};

/** Commands that only the private socket takes. */
const PRIVATE_COMMANDS: Readonly<Record<string, Command>> = {
  backupTo: reading(backupTo),
};

/** Commands of MongoDB that this store leaves out. */
const LEFT_OUT = new Set([
  'mapReduce',
  'renameCollection',
  'convertToCapped',
  'compact',
  'validate',
  'dbStats',
  'collStats',
  'dataSize',
  'profile',
  'createUser',
  'updateUser',
  'dropUser',
  'saslStart',
  'saslContinue',
  'authenticate',
  'replSetGetStatus',
  'replSetInitiate',
  'createSearchIndexes',
  'shardCollection',
  'enableSharding',
  'currentOp',
  'killOp',
  'top',
  'fsync',
  'shutdown',
]);

interface Asked {
  readonly testCommands: boolean;
  readonly isPrivate: boolean;
}

const own = (commands: Readonly<Record<string, Command>>, name: string): Command | undefined =>
  Object.hasOwn(commands, name) ? commands[name] : undefined;

/** Looks a command up. Throws 59 if there is none of that name. */
export function findCommand(name: string, { testCommands, isPrivate }: Asked): Command {
  const command =
    own(COMMANDS, name) ??
    (isPrivate ? own(PRIVATE_COMMANDS, name) : undefined) ??
    (testCommands ? own(TEST_COMMANDS, name) : undefined);
  if (command) return command;
  if (name === 'commitTransaction' || name === 'abortTransaction') throw unsupported(20, 'a transaction');
  if (LEFT_OUT.has(name)) throw unsupported(59, `the command ${name}`);
  throw new CommandError(59, `no such command: '${name}'; if MongoDB has it, set MONGODB_URI to use it`);
}
