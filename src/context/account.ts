import { createDeletion } from '../features/account/deletion.service.js';
import { createErasure } from '../features/account/erasure.js';
import { createExporting } from '../features/account/exporting.service.js';
import type { createChat } from './chat.js';
import type { Ground, Parts } from './ground.js';
import type { Files } from './files.js';
import type { People } from './people.js';

/** The end of an account, and all that it holds. */
export function createAccount(
  { config, logger }: Parts,
  { rows: all, bus, jobs }: Ground,
  people: People,
  chat: ReturnType<typeof createChat> & Pick<Files, 'links'>,
) {
  const { account: rows, uploads } = all;
  const onError = (error: unknown): void =>
    logger.warn({ err: error }, 'accounts whose time has come could not be looked for; it is tried again');
  const erasure = createErasure({ ...people, ...chat, rows, uploads, bus, jobs, onError });
  jobs.handle('erasure', ({ key }) => erasure.erase(key));
  const deletion = createDeletion({ ...people, ...chat, rows, uploads, erasure, delayMs: config.erasureDelayMs });
  return { erasure, deletion, exporting: createExporting({ ...people, ...chat, rows, uploads }) };
}
