import { createReservations } from '../features/media/reservations.js';
import { parseReservation } from '../rules/reservation-keys.js';
import { createGarbageCollector } from '../features/media/garbage-collector.js';
import { createLinks } from '../views/links.js';
import { createReceiving } from '../features/media/receiving.js';
import type { UploadRow } from '../repositories/uploads/upload-repository.js';
import type { MessageRow } from '../repositories/messages/message-repository.js';
import { createUserViews } from '../views/user-views.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';

type Repositories = Infrastructure['repositories'];

/** Builds the question what carries an upload: whatever shows it names it. */
function createCarriers(repositories: Repositories) {
  const carries = (row: UploadRow, shown: { _id: { toString(): string } } | null | undefined): boolean =>
    String(shown?._id) === row._id;

  /** The message that carries an upload; null where there is none, or none any more. */
  async function messageOf(row: UploadRow): Promise<MessageRow | null> {
    const reservation = parseReservation(row.claims[0] ?? '');
    if (row.claims.length === 0 || reservation.by !== 'message') return null;
    const { conversationId, userId: senderId, clientId } = reservation;
    const message = await repositories.messages.bySendKey({ conversationId, senderId, clientId });
    return message?.attachments?.some((one) => carries(row, one)) ? message : null;
  }

  async function isUsed(row: UploadRow): Promise<boolean> {
    const [first] = row.claims;
    if (first === undefined) return false;
    const reservation = parseReservation(first);
    if (reservation.by === 'avatar') return carries(row, (await repositories.users.byId(reservation.userId))?.avatar);
    if (reservation.by === 'photo')
      return carries(row, (await repositories.groups.byId(reservation.conversationId))?.photo);
    return (await messageOf(row)) !== null;
  }

  return { messageOf, isUsed };
}

/** What takes files in and keeps them; who may see one is a question of others. */
export function createFiles(
  { config, database, logger, publicUrl, storage, scratch }: ServerOptions,
  infrastructure: Infrastructure,
) {
  const { repositories, keys } = infrastructure;
  const carriers = createCarriers(repositories);
  const { isUsed } = carriers;
  const links = createLinks({ keys, publicUrl, ttlMs: config.media.linkTtlMs });
  const onError = (error: unknown): void => logger.warn({ err: error }, 'deleting unused uploads failed; retrying');
  const shared = { repository: repositories.uploads, quotas: repositories.quotas, storage, scratch };
  const garbageCollector = createGarbageCollector({ ...shared, isUsed, isShared: database.isShared, onError });
  const reservations = createReservations({ repository: repositories.uploads, isUsed, wake: garbageCollector.wake });
  const receive = createReceiving({ ...shared, limits: config.media.limits });
  return { carriers, links, userViews: createUserViews(links), reservations, garbageCollector, receive };
}

export type Files = ReturnType<typeof createFiles>;
