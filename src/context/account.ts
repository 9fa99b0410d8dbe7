import { createDeletion } from '../features/account/deletion.service.js';
import { createErasure } from '../features/account/erasure.js';
import { createExporting } from '../features/account/exporting.service.js';
import type { createChat } from './chat.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';
import type { Files } from './files.js';
import type { PeopleParts } from './people.js';

/** Export, deletion and erasure of accounts. */
export function createAccount(
  { config, logger }: ServerOptions,
  { repositories: all, bus, jobs }: Infrastructure,
  people: PeopleParts,
  chat: ReturnType<typeof createChat> & Pick<Files, 'links'>,
) {
  const { account: repository, uploads } = all;
  const onError = (error: unknown): void =>
    logger.warn({ err: error }, 'looking for accounts to erase failed; retrying');
  const erasure = createErasure({ ...people, ...chat, repository, uploads, bus, jobs, onError });
  jobs.handle('erasure', ({ key }) => erasure.erase(key));
  const deletion = createDeletion({ ...people, ...chat, repository, uploads, erasure, delayMs: config.erasureDelayMs });
  return { erasure, deletion, exporting: createExporting({ ...people, ...chat, repository, uploads }) };
}
