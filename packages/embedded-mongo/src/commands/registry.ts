/** The table of commands: what each one does, and whether it writes. */
import { CommandError, unsupported } from '../errors.js';
import { aggregate } from './aggregate.js';
import { bulkWrite } from './bulk-write.js';
import type { Call, Reply, Task } from './call.js';
import { collMod, create, drop, dropDatabase, listCollections, listDatabases } from './collections.js';
import { findAndModify } from './find-and-modify.js';
import { createIndexes, dropIndexes, listIndexes } from './indexes.js';
import { count, distinct, find, getMore, killCursors } from './read.js';
import * as server from './server-commands.js';
import { deleteDocuments, insert, update } from './write.js';

interface WriteCommand {
  /** It runs inside a transaction, together with the other writes of its turn of the event loop. */
  writes: true;
  run: (call: Call) => Task | Reply;
}

interface ReadCommand {
  writes: false;
  run: (call: Call) => Task | Reply | Promise<Reply>;
}

export type Command = ReadCommand | WriteCommand;
type CommandTable = Readonly<Record<string, Command>>;

const read = (run: ReadCommand['run']): Command => ({ writes: false, run });
const write = (run: WriteCommand['run']): Command => ({ writes: true, run });

const serverCommands: CommandTable = {
  hello: read(server.hello),
  isMaster: read(server.hello),
  ismaster: read(server.hello),
  ping: read(server.ok),
  buildInfo: read(server.buildInfo),
  buildinfo: read(server.buildInfo),
  serverStatus: read(server.serverStatus),
  startSession: read(server.startSession),
  endSessions: read(server.ok),
  refreshSessions: read(server.ok),
  killSessions: read(server.ok),
  logout: read(server.ok),
  connectionStatus: read(server.connectionStatus),
  whatsmyuri: read(server.whatsMyUri),
  getParameter: read(server.getParameter),
};

const dataCommands: CommandTable = {
  find: read(find),
  aggregate: read(aggregate),
  getMore: read(getMore),
  killCursors: read(killCursors),
  count: read(count),
  distinct: read(distinct),
  listCollections: read(listCollections),
  listDatabases: read(listDatabases),
  listIndexes: read(listIndexes),
  insert: write(insert),
  update: write(update),
  delete: write(deleteDocuments),
  bulkWrite: write(bulkWrite),
  findAndModify: write(findAndModify),
  findandmodify: write(findAndModify),
  create: write(create),
  drop: write(drop),
  dropDatabase: write(dropDatabase),
  collMod: write(collMod),
  createIndexes: write(createIndexes),
  dropIndexes: write(dropIndexes),
  deleteIndexes: write(dropIndexes),
};

const commands: CommandTable = { ...serverCommands, ...dataCommands };

/** Commands for test builds. */
const testOnlyCommands: CommandTable = {
  configureFailPoint: read(server.configureFailPoint),
  setParameter: read(server.setParameter),
};

/** Commands that only the private socket accepts. */
const privateCommands: CommandTable = { backupTo: read(server.backupTo) };

/** Commands of MongoDB that this store does not have. */
const unsupportedCommands = new Set([
  ...['mapReduce', 'renameCollection', 'convertToCapped', 'compact', 'validate', 'dbStats', 'collStats', 'dataSize'],
  ...['profile', 'createUser', 'updateUser', 'dropUser', 'saslStart', 'saslContinue', 'authenticate'],
  ...['replSetGetStatus', 'replSetInitiate', 'createSearchIndexes', 'shardCollection', 'enableSharding'],
  ...['currentOp', 'killOp', 'top', 'fsync', 'shutdown'],
]);

interface CommandAccess {
  testCommands: boolean;
  isPrivate: boolean;
}

function lookUp(table: CommandTable, name: string): Command | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Looks up a command. Throws 59 if there is none of that name, 20 for a command of transactions. */
export function findCommand(name: string, { testCommands, isPrivate }: CommandAccess): Command {
  const command =
    lookUp(commands, name) ??
    (isPrivate ? lookUp(privateCommands, name) : undefined) ??
    (testCommands ? lookUp(testOnlyCommands, name) : undefined);
  if (command) return command;
  if (name === 'commitTransaction' || name === 'abortTransaction') throw unsupported(20, 'a transaction');
  if (unsupportedCommands.has(name)) throw unsupported(59, `the command ${name}`);
  throw new CommandError(59, `no such command: '${name}'; if MongoDB has it, set MONGODB_URI to use it`);
}
