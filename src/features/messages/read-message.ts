import type { UploadCarriers } from '../../views/upload-carriers.js';
import type { People } from '../../views/people.js';
import { parseReservation } from '../../rules/uploads.js';
import type { UploadRow } from '../../repositories/uploads/upload-repository.js';
import type { Actor } from '../../kernel/actor.js';
import { notFound } from '../../kernel/problem.js';
import type { Membership } from '../../views/membership.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import { startOf } from '../../rules/conversations.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';
import type { Message, MessageReceipts, MessageRevisions } from '@causerie/contract/messages';

/** A message and the membership of its reader. */
interface ReadableMessage {
  row: MessageRow;
  membership: Membership;
}

export interface ReadMessage {
  /** Throws `not_found` if the actor cannot see it. */
  get(actor: Actor, messageId: string): Promise<Message>;
  /** The members whom a message has reached, as far as they show it; throws `not_found`. */
  receipts(actor: Actor, messageId: string): Promise<MessageReceipts>;
  /** The earlier texts of a message; throws `not_found`. */
  revisions(actor: Actor, messageId: string): Promise<MessageRevisions>;
  /** Reads a message again and shows its current state; throws `not_found` if the user is not a member. */
  asItIsNow(userId: string, row: MessageRow): Promise<Message>;
  /** Throws `not_found` if the user cannot see the message. */
  requireVisible(userId: string, messageId: string): Promise<ReadableMessage>;
  /** The same, but a message that the user has hidden for themselves is found too. */
  requireReadable(userId: string, messageId: string): Promise<ReadableMessage>;
}

interface Deps {
  repository: Pick<MessageRepository, 'byId' | 'byIds'>;
  views: MessageViews;
  visibility: Pick<Visibility, 'sees'>;
  conversations: Pick<Conversations, 'requireMembership' | 'receiptsFor'>;
}

export function createReadMessage({ repository, views, visibility, conversations }: Deps): ReadMessage {
  /** Shows the current state of a message to a reader who has just been seen to be a member. */
  async function show({ row, membership }: ReadableMessage): Promise<Message> {
    const [now] = await repository.byIds([row._id]);
    const [message] = await views.of([now ?? row], [membership]);
    if (!message) throw notFound();
    return message;
  }

  async function requireReadable(userId: string, messageId: string): Promise<ReadableMessage> {
    const row = await repository.byId(messageId);
    if (!row) throw notFound();
    const membership = await conversations.requireMembership(userId, row.conversationId);
    if (row.seq <= startOf(membership.member)) throw notFound();
    return { row, membership };
  }

  async function requireVisible(userId: string, messageId: string): Promise<ReadableMessage> {
    const found = await requireReadable(userId, messageId);
    if (!(await visibility.sees(found.membership.member, found.row.seq))) throw notFound();
    return found;
  }

  return {
    requireReadable,
    requireVisible,
    get: async ({ userId }, messageId) => show(await requireVisible(userId, messageId)),
    async asItIsNow(userId, row) {
      return show({ row, membership: await conversations.requireMembership(userId, row.conversationId) });
    },
    async receipts({ userId }, messageId) {
      const { row, membership } = await requireVisible(userId, messageId);
      const others = (await conversations.receiptsFor(membership)).filter(
        (one) => one.userId !== String(row.senderId) && one.joinedSeq < row.seq,
      );
      return {
        delivered: others.filter(({ deliveredSeq }) => deliveredSeq >= row.seq).map((one) => one.userId),
        read: others.filter(({ readSeq }) => readSeq >= row.seq).map((one) => one.userId),
      };
    },
    async revisions({ userId }, messageId) {
      const { row } = await requireVisible(userId, messageId);
      return { items: row.revisions.map(({ text, editedAt }) => ({ text, editedAt: editedAt.toISOString() })) };
    },
  };
}

interface SeeUploadDeps {
  carriers: UploadCarriers;
  people: Pick<People, 'of'>;
  conversations: Pick<Conversations, 'findMembership'>;
  visibility: Pick<Visibility, 'sees'>;
}

/** Creates the check whether a user other than its owner may see an upload: they see what carries it. */
export function createSeeUpload({ carriers, people, conversations, visibility }: SeeUploadDeps) {
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
