/** backupTo, a command of this store alone: a copy of everything while it runs. */
import { CommandError } from '../errors.js';
import { stringField } from './call.js';
import type { Call, Reply } from './call.js';

/** `{ backupTo: '/absolute/file' }` writes a compact and consistent copy. Throws 2 for a path that will not do. */
export async function backupTo(call: Call): Promise<Reply> {
  const file = stringField(call.body, 'backupTo');
  try {
    await call.store.backup(file);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      2,
      `cannot write a backup to ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return { ok: 1 };
}
