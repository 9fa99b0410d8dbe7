import { readClaim } from '../features/media/claims.js';
import { createMedia } from '../features/media/media.service.js';
import { createServing } from '../features/media/serving.js';
import type { UploadRow } from '../features/media/uploads.model.js';
import { Problem } from '../kernel/problem.js';
import type { createChat } from './chat.js';
import type { Files } from './files.js';
import type { Ground, Parts } from './ground.js';
import type { People } from './people.js';

/** Uploads, with the answer to who may see which. */
export function createUploads(
  { storage, scratch }: Parts,
  { rows }: Ground,
  files: Files,
  { users, conversations, views }: Pick<People, 'users'> & ReturnType<typeof createChat>,
) {
  async function isIn(userId: string, conversationId: string) {
    try {
      return await conversations.standingOf(userId, conversationId);
    } catch (error) {
      if (error instanceof Problem && error.code === 'not_found') return null;
      throw error;
    }
  }

  async function maySee(userId: string, row: UploadRow): Promise<boolean> {
    const [first] = row.claims;
    if (first === undefined) return false;
    const claim = readClaim(first);
    if (claim.by === 'message') {
      const message = await files.carriers.messageOf(row);
      const held = message && (await isIn(userId, claim.conversationId));
      return held ? views.visibility.sees(held.member, message.seq) : false;
    }
    if (!(await files.carriers.isUsed(row))) return false;
    if (claim.by === 'avatar') {
      const person = (await users.people.of(userId, [claim.userId])).get(claim.userId);
      return person !== undefined && !person.owner.isLeaving;
    }
    return (await isIn(userId, claim.conversationId)) !== null;
  }

  const serving = createServing({ storage, scratch, rows: rows.uploads });
  return { media: createMedia({ ...files, rows: rows.uploads, serving, maySee }) };
}
