import { createGarbageCollector } from '../features/media/garbage-collector.js';
import { createReceiveUpload } from '../features/media/receive-upload.js';
import { createReservations } from '../features/media/reservations.js';
import { createLinks } from '../views/links.js';
import { createUploadCarriers } from '../views/upload-carriers.js';
import { createUserViews } from '../views/user-views.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';

/** Receives and stores files; access to them is wired in uploads.ts. */
export function createFiles(
  { config, database, logger, publicUrl, storage, scratch }: ServerOptions,
  { repositories, keys }: Infrastructure,
) {
  const carriers = createUploadCarriers(repositories);
  const { isCarried } = carriers;
  const links = createLinks({ keys, publicUrl, ttlMs: config.media.linkTtlMs });
  const onError = (error: unknown): void => logger.warn({ err: error }, 'deleting unused uploads failed; retrying');
  const shared = { repository: repositories.uploads, quotas: repositories.quotas, storage, scratch };
  const garbageCollector = createGarbageCollector({ ...shared, isCarried, isShared: database.isShared, onError });
  const { wake } = garbageCollector;
  const reservations = createReservations({ repository: repositories.uploads, isCarried, wake });
  const receive = createReceiveUpload({ ...shared, limits: config.media.limits });
  return { carriers, links, userViews: createUserViews(links), reservations, garbageCollector, receive };
}

export type Files = ReturnType<typeof createFiles>;
