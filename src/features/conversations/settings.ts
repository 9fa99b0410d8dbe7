import type { Conversation, UpdateSettings } from '@causerie/contract/conversations';
import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { PendingSource } from '../../log/projections.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { HiddenRow, HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRow, MemberRepository, MemberSettings } from '../../repositories/members/member-repository.js';
import { floorOf } from '../../rules/conversations.js';
import type { Membership } from '../../views/membership.js';
import type { ConversationReader } from './list-conversations.js';
import type { Memberships } from './membership.js';
import type { Receipts } from './receipts.js';

/** Changes that a user makes to conversations for themselves. All throw `not_found`. */
export interface Settings {
  /** Changes the given settings. */
  updateSettings(actor: Actor, conversationId: string, settings: UpdateSettings): Promise<Conversation>;
  /** Empties a conversation and takes it out of the list until its next message. */
  hideConversation(actor: Actor, conversationId: string): Promise<void>;
  /** Hides one message on all of the user's devices; does nothing if it is hidden. */
  hideMessage(actor: Actor, message: Pick<HiddenRow, '_id' | 'conversationId' | 'seq'>): Promise<void>;
  /** Completes hiding of messages that was interrupted before a moment. */
  completeHides(before: Date): Promise<void>;
}

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'raiseCannotSee'>;
    members: Pick<MemberRepository, 'change' | 'hide' | 'raiseHidden' | 'incrementRevision' | 'of'>;
    hidden: Pick<HiddenRepository, 'findOrCreate' | 'number' | 'unfinished'>;
  };
  log: Pick<PendingSource, 'flushed'>;
  requireMembership: Memberships['requireMembership'];
  viewFor: ConversationReader['viewFor'];
  publishOwnState: Receipts['publishOwnState'];
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

const pageSize = 200;

function changesOf({ mutedUntil, archived, pinned, markedUnread }: UpdateSettings, member: MemberRow): MemberSettings {
  const until = typeof mutedUntil === 'string' ? new Date(mutedUntil) : mutedUntil;
  return {
    ...(until === undefined || until?.getTime() === member.mutedUntil?.getTime() ? {} : { mutedUntil: until }),
    ...(archived === undefined || archived === member.archived ? {} : { archived }),
    ...(pinned === undefined || pinned === member.pinned ? {} : { pinned }),
    ...(markedUnread === undefined || markedUnread === member.markedUnread ? {} : { markedUnread }),
  };
}

type ConversationSettings = Pick<Settings, 'updateSettings' | 'hideConversation'>;

function createConversationSettings(deps: Deps): ConversationSettings {
  const { repositories, log, requireMembership, viewFor, publishOwnState, bus } = deps;
  const { conversations, members } = repositories;

  /** The membership after everything that this process knows of it is written. */
  async function flushedMembership(userId: string, conversationId: string): Promise<Membership> {
    await log.flushed();
    return requireMembership(userId, conversationId);
  }

  return {
    async updateSettings({ userId, socketId }, conversationId, settings) {
      const { member } = await flushedMembership(userId, conversationId);
      const changes = changesOf(settings, member);
      if (Object.keys(changes).length > 0) {
        await members.change(member._id, changes);
        await publishOwnState(userId, conversationId, socketId);
      }
      return viewFor(userId, conversationId);
    },
    async hideConversation({ userId, socketId }, conversationId) {
      const { member, conversation } = await flushedMembership(userId, conversationId);
      await conversations.raiseCannotSee(conversation._id, conversation.seq);
      if (!(await members.hide(member._id, conversation.seq))) return;
      if (member.hasNotified) bus.publish('conversation.read', { userId, conversationId, seq: conversation.seq });
      bus.publish('conversation.removed', { userId, conversationId, reason: 'hidden', originSocketId: socketId });
    },
  };
}

type MessageHiding = Pick<Settings, 'hideMessage' | 'completeHides'>;

function createMessageHiding({ repositories, requireMembership, publishOwnState, bus }: Deps): MessageHiding {
  const { conversations, members, hidden } = repositories;

  /** The row exists before the revision that counts it, so a device that knows the revision finds the row. */
  async function countRevision(row: HiddenRow, member: MemberRow): Promise<void> {
    const memberRevision = await members.incrementRevision(member._id);
    if (memberRevision !== null) await hidden.number(row._id, memberRevision);
  }

  async function complete(row: HiddenRow): Promise<void> {
    const present = await members.of(row.conversationId);
    const member = present.find(({ userId }) => userId === row.userId);
    if (member) await countRevision(row, member);
    // The user has left and there is nobody to notify: the row must only stop being pending.
    else await hidden.number(row._id, 0);
  }

  return {
    async hideMessage({ userId, socketId }, { _id, conversationId, seq }) {
      const { member } = await requireMembership(userId, conversationId);
      await conversations.raiseCannotSee(conversationId, seq);
      await members.raiseHidden(member._id, seq);
      const row = await hidden.findOrCreate({ userId: member.userId, conversationId, seq, messageId: _id });
      if (row.own !== null) return;
      await countRevision(row, member);
      const target = { userId, conversationId, originSocketId: socketId };
      bus.publish('message.hidden', { ...target, messageIds: [_id] });
      // A hidden message is no longer unread, which the user's other devices cannot tell from the message.
      if (seq > floorOf(member)) await publishOwnState(userId, target.conversationId, socketId);
    },
    async completeHides(before) {
      for (;;) {
        const rows = await hidden.unfinished(before, pageSize);
        for (const row of rows) await complete(row);
        if (rows.length < pageSize) return;
      }
    },
  };
}

export function createSettings(deps: Deps): Settings {
  return { ...createConversationSettings(deps), ...createMessageHiding(deps) };
}
