/** `npm run backup -- FILE` and `npm run restore -- FILE`: writes all data to one file, and restores it. */
import type { Connection } from 'mongoose';
import { loadConfig, readEnvironment, type Config } from '../config.js';
import { createConversationRepository } from '../repositories/conversations/conversation-repository.js';
import { createRemovals } from '../log/conversation-queues.js';
import { createInFlight } from '../kernel/in-flight.js';
import { createMemberRepository } from '../repositories/members/member-repository.js';
import { createMessageRepository } from '../repositories/messages/message-repository.js';
import { createChangeRepository } from '../repositories/changes/change-repository.js';
import { createCheckpointRepository } from '../repositories/checkpoints/checkpoint-repository.js';
import type { StoredUpload } from '../repositories/uploads/upload-repository.js';
import { createLog } from '../log/log.js';
import { createGroupReceipts } from '../log/project.js';
import type { Storage } from '../drivers/storage.js';
import { openStorage } from '../drivers/storage-opening.js';
import { ArchiveError, readArchive, writeArchive } from './archive.js';
import { runChecks } from './checks.js';
import { openForTools } from './open.js';

const usage = `usage: npm run backup -- FILE    writes all data to FILE, even while the server is running
       npm run restore -- FILE   restores FILE into an empty DATA_DIR; the server must not be running`;
const wrongUsage = 2;
const progressEveryMs = 5_000;

/** Runs something that may take long, and reports regularly that it is still running. */
async function withProgress(what: string, work: () => Promise<void>): Promise<void> {
  const began = Date.now();
  const timer = setInterval(
    () => console.error(`${what}: still running after ${Math.round((Date.now() - began) / 1000)} s`),
    progressEveryMs,
  );
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
}

async function backup({ dataDir }: Config, file: string): Promise<void> {
  await withProgress('backup', () => writeArchive(dataDir, file));
  console.log(`Wrote ${file}. It contains all data, including the secret of the server: keep it safe.`);
}

/** A backup is in the state that a crash leaves: recovery brings projections up to the log before the data is checked. */
async function rebuild(connection: Connection): Promise<void> {
  const [conversations, members] = [createConversationRepository(connection), createMemberRepository(connection)];
  const log = createLog({
    messages: createMessageRepository(connection),
    changes: createChangeRepository(connection),
    conversations,
    members,
    groupReceipts: createGroupReceipts({ conversations, members }),
    removals: createRemovals(),
    inFlight: createInFlight(),
    checkpoints: createCheckpointRepository(connection),
    isShared: false,
    onError: (error) => console.error(String(error)),
  });
  const nobody = (): Promise<void> => Promise.resolve();
  const complete = {
    conversations: nobody,
    hidden: nobody,
    messageChanges: nobody,
    reactionSummaries: nobody,
    groups: nobody,
  };
  await log.start({ announce: nobody, announceChange: nobody, complete, completed: nobody });
  await log.stop();
}

/** Removes files without a row: a backup may include files uploaded just after its snapshot. */
async function pruneFiles(connection: Connection, storage: Storage): Promise<void> {
  for await (const { name } of storage.list()) {
    const key = name.split('.')[0] ?? '';
    const row = await connection.collection<StoredUpload>('uploads').findOne({ key });
    if (!row) await storage.remove(key);
  }
}

async function restore(config: Config, file: string): Promise<void> {
  await withProgress('restore', () => readArchive(file, config.dataDir));
  await withProgress('check', async () => {
    const store = await openForTools(config);
    try {
      await rebuild(store.connection);
      const storage = await openStorage(config.storage);
      // A backup does not include a bucket, so files in a bucket are never removed here.
      if (config.storage.kind === 'file') await pruneFiles(store.connection, storage);
      for await (const violation of runChecks(store.connection, storage)) throw new ArchiveError(`data: ${violation}`);
    } finally {
      await store.close();
    }
  });
  console.log(`Restored ${file} into ${config.dataDir}; every invariant of the data holds.`);
}

async function main([verb, file, ...rest]: string[]): Promise<void> {
  const command = verb === 'backup' ? backup : verb === 'restore' ? restore : null;
  if (command === null || file === undefined || file.startsWith('-') || rest.length > 0) {
    console.error(usage);
    process.exitCode = wrongUsage;
    return;
  }
  const config = loadConfig(readEnvironment());
  if (config.mongodbUri !== null) {
    throw new ArchiveError('MONGODB_URI is set: back up that database with the tools of MongoDB, such as mongodump.');
  }
  await command(config, file);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
