import type { UploadRow } from '../../repositories/uploads/upload-repository.js';
import { parseReservation } from '../../rules/uploads.js';
import type { People } from '../../views/people.js';
import type { UploadCarriers } from '../../views/upload-carriers.js';
import type { Visibility } from '../../views/visibility.js';
import type { Conversations } from '../conversations/conversations.service.js';

interface Deps {
  carriers: UploadCarriers;
  people: Pick<People, 'of'>;
  conversations: Pick<Conversations, 'findMembership'>;
  visibility: Pick<Visibility, 'sees'>;
}

/** Creates the check whether a user other than its owner may see an upload: they see what carries it. */
export function createSeeUpload({ carriers, people, conversations, visibility }: Deps) {
  async function seesMessage(userId: string, row: UploadRow): Promise<boolean> {
    const message = await carriers.messageOf(row);
    const membership = message && (await conversations.findMembership(userId, message.conversationId));
    return membership ? visibility.sees(membership.member, message.seq) : false;
  }

  async function seesProfile(viewerId: string, userId: string): Promise<boolean> {
    const person = (await people.of(viewerId, [userId])).get(userId);
    return person !== undefined && !person.profile.isLeaving;
  }

  return async function maySee(userId: string, row: UploadRow): Promise<boolean> {
    const reservation = parseReservation(row.claims[0]);
    if (reservation === null) return false;
    if (reservation.by === 'message') return seesMessage(userId, row);
    if (!(await carriers.isCarried(row))) return false;
    if (reservation.by === 'avatar') return seesProfile(userId, reservation.userId);
    return (await conversations.findMembership(userId, reservation.conversationId)) !== null;
  };
}
