import { parseReservation } from '../rules/reservation-keys.js';
import { createMedia } from '../features/media/media.service.js';
import { createServing } from '../features/media/serving.js';
import type { UploadRow } from '../repositories/uploads/upload-repository.js';
import type { createChat } from './chat.js';
import type { Files } from './files.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';
import type { People } from './people.js';

/** Uploads, with the answer to who may see which. */
export function createUploads(
  { storage, scratch }: ServerOptions,
  { repositories }: Infrastructure,
  files: Files,
  { users, conversations, views }: Pick<People, 'users'> & ReturnType<typeof createChat>,
) {
  async function maySee(userId: string, row: UploadRow): Promise<boolean> {
    const [first] = row.claims;
    if (first === undefined) return false;
    const reservation = parseReservation(first);
    if (reservation.by === 'message') {
      const message = await files.carriers.messageOf(row);
      const membership = message && (await conversations.findMembership(userId, reservation.conversationId));
      return membership ? views.visibility.sees(membership.member, message.seq) : false;
    }
    if (!(await files.carriers.isUsed(row))) return false;
    if (reservation.by === 'avatar') {
      const person = (await users.people.of(userId, [reservation.userId])).get(reservation.userId);
      return person !== undefined && !person.profile.isLeaving;
    }
    return (await conversations.findMembership(userId, reservation.conversationId)) !== null;
  }

  const serving = createServing({ storage, scratch, repository: repositories.uploads });
  return { media: createMedia({ ...files, repository: repositories.uploads, serving, maySee }) };
}
