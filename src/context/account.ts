import { createDeleteAccount } from '../features/account/delete-account.js';
import { createEraseAccount } from '../features/account/erase-account.js';
import { createExportAccount } from '../features/account/export-account.js';
import type { createChat } from './chat.js';
import type { Files } from './files.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';
import type { PeopleParts } from './people.js';

/** Export, deletion and erasure of accounts. */
export function createAccount(
  { config, logger }: ServerOptions,
  { repositories, bus, jobs }: Infrastructure,
  people: PeopleParts,
  chat: ReturnType<typeof createChat> & Pick<Files, 'links'>,
) {
  const onError = (error: unknown): void =>
    logger.warn({ err: error }, 'reading accounts due for erasure failed; retrying');
  const erasure = createEraseAccount({ ...people, ...chat, repositories, bus, jobs, onError });
  jobs.handle('erasure', ({ key }) => erasure.erase(key));
  const { erasureDelayMs: delayMs } = config;
  const deleteAccount = createDeleteAccount({ ...people, ...chat, repositories, erasure, delayMs });
  const { members, messages, reactions, uploads } = repositories;
  const exportAccount = createExportAccount({ ...people, ...chat, members, messages, reactions, uploads });
  return { erasure, deleteAccount, exportAccount };
}
