/** `npm run backup -- FILE` and `npm run restore -- FILE`: everything in one file, and back again. */
import type { Connection } from 'mongoose';
import { loadConfig, readEnvironment, type Config } from '../config.js';
import { createConversationRepository } from '../repositories/conversations/conversation-repository.js';
import { createRemovals } from '../log/removals.js';
import { createMemberRepository } from '../repositories/members/member-repository.js';
import { createMessageRepository } from '../repositories/messages/message-repository.js';
import { createChangeRepository } from '../repositories/changes/change-repository.js';
import { createCheckpointRepository } from '../repositories/checkpoints/checkpoint-repository.js';
import { createLog } from '../log/log.js';
import { createGroupReceipts } from '../log/group-receipts.js';
import { openStorage } from '../drivers/storage-opening.js';
import { pruneFiles } from './pruning.js';
import { ArchiveError, readArchive, writeArchive } from './archive.js';
import { runChecks } from './checks.js';
import { openForTools } from './open.js';

const usage = `usage: npm run backup -- FILE    writes everything to FILE, also while the server runs
       npm run restore -- FILE   fills an empty DATA_DIR from FILE; the server must not run`;
const wrongUsage = 2;
const progressEveryMs = 5_000;

/** Runs something that may take long, and says now and then that it is still under way. */
async function withProgress(what: string, work: () => Promise<void>): Promise<void> {
  const began = Date.now();
  const timer = setInterval(
    () => console.error(`${what}: still under way after ${Math.round((Date.now() - began) / 1000)} s`),
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
  console.log(`Wrote ${file}. It holds everything, the secret of the server too: keep it safe.`);
}

/** A backup is what a crash at that moment would have left: what follows from the log is written before it is judged. */
async function rebuild(connection: Connection): Promise<void> {
  const [conversations, members] = [createConversationRepository(connection), createMemberRepository(connection)];
  const log = createLog({
    messages: createMessageRepository(connection),
    changes: createChangeRepository(connection),
    conversations,
    members,
    groupReceipts: createGroupReceipts({ conversations, members }),
    removals: createRemovals(),
    checkpoints: createCheckpointRepository(connection),
    isShared: false,
    onError: (error) => console.error(String(error)),
  });
  const nobody = (): Promise<void> => Promise.resolve();
  await log.start({ announce: nobody, announceChange: nobody, finish: nobody });
  await log.stop();
}

async function restore(config: Config, file: string): Promise<void> {
  await withProgress('restore', () => readArchive(file, config.dataDir));
  await withProgress('check', async () => {
    const store = await openForTools(config);
    try {
      await rebuild(store.connection);
      const storage = await openStorage(config.storage);
      // A bucket is in no backup: what is in it is not ours to remove.
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
    throw new ArchiveError('MONGODB_URI is set: back that database up with the tools of MongoDB, such as mongodump.');
  }
  await command(config, file);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
