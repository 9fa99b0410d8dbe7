/** Finds out whether something carries an upload: a message, an avatar or the photo of a group that shows it. */
import type { GroupRepository } from '../repositories/conversations/group-repository.js';
import type { MessageRepository, MessageRow } from '../repositories/messages/message-repository.js';
import type { UploadRow } from '../repositories/uploads/upload-repository.js';
import type { UserRepository } from '../repositories/users/user-repository.js';
import { carries, parseReservation } from '../rules/uploads.js';

interface Deps {
  messages: Pick<MessageRepository, 'bySendKey'>;
  users: Pick<UserRepository, 'byId'>;
  groups: Pick<GroupRepository, 'byId'>;
}

export interface UploadCarriers {
  /** The message that carries an upload; null if none does. */
  messageOf(row: UploadRow): Promise<MessageRow | null>;
  isCarried(row: UploadRow): Promise<boolean>;
}

export function createUploadCarriers({ messages, users, groups }: Deps): UploadCarriers {
  async function messageOf(row: UploadRow): Promise<MessageRow | null> {
    const reservation = parseReservation(row.claims[0]);
    if (reservation?.by !== 'message') return null;
    const { conversationId, userId: senderId, clientId } = reservation;
    const message = await messages.bySendKey({ conversationId, senderId, clientId });
    return message?.attachments?.some((one) => carries(one, row._id)) ? message : null;
  }

  return {
    messageOf,
    async isCarried(row) {
      const reservation = parseReservation(row.claims[0]);
      if (reservation === null) return false;
      if (reservation.by === 'avatar') return carries((await users.byId(reservation.userId))?.avatar, row._id);
      if (reservation.by === 'photo') return carries((await groups.byId(reservation.conversationId))?.photo, row._id);
      return (await messageOf(row)) !== null;
    },
  };
}
