import { createClaiming } from '../features/media/claiming.js';
import { readClaim } from '../features/media/claims.js';
import { createCollecting } from '../features/media/collecting.js';
import { createLinks } from '../features/media/links.js';
import { createReceiving } from '../features/media/receiving.js';
import type { UploadRow } from '../features/media/uploads.model.js';
import type { MessageRow } from '../features/messages/messages.model.js';
import { createUserViews } from '../features/users/user-views.js';
import type { Ground, Parts } from './ground.js';

type Rows = Ground['rows'];

/** Builds the question what carries an upload: whatever shows it names it. */
function createCarriers(rows: Rows) {
  const carries = (row: UploadRow, shown: { _id: { toString(): string } } | null | undefined): boolean =>
    String(shown?._id) === String(row._id);

  /** The message that carries an upload; null where there is none, or none any more. */
  async function messageOf(row: UploadRow): Promise<MessageRow | null> {
    const claim = readClaim(row.claims[0] ?? '');
    if (row.claims.length === 0 || claim.by !== 'message') return null;
    const { conversationId, userId: senderId, clientId } = claim;
    const message = await rows.messages.bySendKey({ conversationId, senderId, clientId });
    return message?.attachments?.some((one) => carries(row, one)) ? message : null;
  }

  async function isUsed(row: UploadRow): Promise<boolean> {
    const [first] = row.claims;
    if (first === undefined) return false;
    const claim = readClaim(first);
    if (claim.by === 'avatar') return carries(row, (await rows.users.byId(claim.userId))?.avatar);
    if (claim.by === 'photo') return carries(row, (await rows.groups.byId(claim.conversationId))?.photo);
    return (await messageOf(row)) !== null;
  }

  return { messageOf, isUsed };
}

/** What takes files in and keeps them; who may see one is a question of others. */
export function createFiles({ config, database, logger, publicUrl, storage, scratch }: Parts, ground: Ground) {
  const { rows, keys } = ground;
  const carriers = createCarriers(rows);
  const { isUsed } = carriers;
  const links = createLinks({ keys, publicUrl, ttlMs: config.media.linkTtlMs });
  const onError = (error: unknown): void =>
    logger.warn({ err: error }, 'files that nobody uses could not be removed; it is tried again');
  const shared = { rows: rows.uploads, quotas: rows.quotas, storage, scratch };
  const collecting = createCollecting({ ...shared, isUsed, isShared: database.isShared, onError });
  const claiming = createClaiming({ rows: rows.uploads, isUsed, wake: collecting.wake });
  const receive = createReceiving({ ...shared, limits: config.media.limits });
  return { carriers, links, userViews: createUserViews(links), claiming, collecting, receive };
}

export type Files = ReturnType<typeof createFiles>;
