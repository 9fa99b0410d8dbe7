/** Read positions and receipts: they only move forward, and never beyond the last message. */
import type { ListReceipts, ReadResult, ReceiptList } from '@causerie/contract/conversations';
import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { page } from '../../kernel/page.js';
import { invalidInput } from '../../kernel/problem.js';
import { createThrottle } from '../../kernel/throttle.js';
import type { GroupReceipts } from '../../log/project.js';
import type { PendingSource } from '../../log/projections.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { ReceiptKind, MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import { groupReceiptsFor, memberReceiptsFor } from '../../rules/receipts.js';
import { canRaiseTo } from '../../rules/conversations.js';
import { settingsOf } from '../../views/conversation-views.js';
import { type Counting, type Counts, countsIn } from '../../views/counting.js';
import type { Membership } from '../../views/membership.js';
import type { Relations } from '../../views/relations.js';
import type { Memberships } from './membership.js';

/** The receipts that a member shows, and the `seq` after which they joined. */
export interface VisibleReceipt {
  userId: string;
  deliveredSeq: number;
  readSeq: number;
  joinedSeq: number;
}

export interface Receipts {
  /** Marks messages read, which includes delivered. Throws `not_found`, and `invalid_input` beyond the last message. */
  markRead(actor: Actor, conversationId: string, seq: number): Promise<ReadResult>;
  /** Throws like `markRead`. */
  markDelivered(actor: Actor, conversationId: string, seq: number): Promise<{ deliveredSeq: number }>;
  /** Shows a user's own devices the settings, positions and unread counts of a conversation. */
  publishOwnState(userId: string, conversationId: string, originSocketId?: string): Promise<void>;
  /** The receipts that the other members show the caller; throws `not_found`. */
  listReceipts(actor: Actor, conversationId: string, request: ListReceipts): Promise<ReceiptList>;
  /** The receipts that all members show one of them, without paging. */
  receiptsFor(membership: Membership): Promise<VisibleReceipt[]>;
}

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'raiseHeads'>;
    members: Pick<MemberRepository, 'raiseReceipt' | 'clearMarkedUnread' | 'page' | 'of'>;
  };
  users: { relations: Pick<Relations, 'blockersOf'> };
  log: Pick<PendingSource, 'flushed'>;
  requireMembership: Memberships['requireMembership'];
  permissionsOf: Memberships['permissionsOf'];
  counting: Pick<Counting, 'of'>;
  groupReceipts: Pick<GroupReceipts, 'raise'>;
  /** The last `seq` of a conversation in its log. */
  lastSeq(conversationId: string): Promise<number>;
  cursors: Cursors;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

const beyond = {
  en: 'This message does not exist yet.',
  fr: 'Ce message n’existe pas encore.',
};

/** The stored head may be behind: a `seq` above it is compared with the log before it is rejected. */
async function requireMarkable(
  { repositories, lastSeq }: Deps,
  { conversation }: Membership,
  seq: number,
): Promise<void> {
  if (canRaiseTo({ seq, lastSeq: conversation.seq })) return;
  const conversationId = conversation._id;
  const last = await lastSeq(conversationId);
  if (!canRaiseTo({ seq, lastSeq: last })) throw invalidInput('body.seq', beyond);
  await repositories.conversations.raiseHeads(
    [{ conversationId, seq: last, rev: 0, lastActivityAt: conversation.lastActivityAt, lastUncountedSeq: 0 }],
    true,
  );
}

/** Notifies the other user; in a group, the lowest receipts may have risen with the last member's. */
async function publishReceipt({ groupReceipts, bus }: Deps, membership: Membership, after: MemberRow): Promise<void> {
  const { conversation, member: before, other } = membership;
  const hasMoved = after.shownReadSeq > before.shownReadSeq || after.shownDeliveredSeq > before.shownDeliveredSeq;
  if (!hasMoved) return;
  if (conversation.type === 'group') return groupReceipts.raise([conversation._id]);
  if (!other) return;
  bus.publish('receipt.updated', {
    conversationId: conversation._id,
    userId: after.userId,
    toUserIds: [other.userId],
    except: [],
    deliveredSeq: after.shownDeliveredSeq,
    readSeq: after.shownReadSeq,
  });
}

type ReceiptMarking = Pick<Receipts, 'markRead' | 'markDelivered' | 'publishOwnState'>;

function createMarking(deps: Deps): ReceiptMarking {
  const { repositories, log, requireMembership, counting, permissionsOf, bus } = deps;
  const { members } = repositories;

  async function countsOf(userId: string, membership: Membership): Promise<Counts> {
    return countsIn(await counting.of(userId, [membership]), membership);
  }

  async function publishOwnState(userId: string, conversationId: string, originSocketId?: string): Promise<void> {
    const membership = await requireMembership(userId, conversationId);
    const { readSeq, deliveredSeq } = membership.member;
    const settings = settingsOf(membership.member);
    const counts = await countsOf(userId, membership);
    const state = { userId, conversationId, settings, readSeq, deliveredSeq, ...counts, originSocketId };
    bus.publish('conversation.settings', state);
  }

  async function raise(actor: Actor, conversationId: string, kind: ReceiptKind, seq: number): Promise<Membership> {
    const membership = await requireMembership(actor.userId, conversationId);
    const { member } = membership;
    await requireMarkable(deps, membership, seq);
    const { shows } = await permissionsOf(membership);
    // The member's own row is written after everything else that this process knows of it.
    await log.flushed();
    const after = await members.raiseReceipt(member._id, { kind, seq, shows });
    const isCleared = after === null && kind === 'read' && (await members.clearMarkedUnread(member._id));
    if (after) await publishReceipt(deps, membership, after);
    if (after && kind === 'read' && member.hasNotified)
      bus.publish('conversation.read', { userId: actor.userId, conversationId, seq: after.readSeq });
    if (after ?? isCleared) await publishOwnState(actor.userId, conversationId, actor.socketId);
    return requireMembership(actor.userId, conversationId);
  }

  return {
    publishOwnState,
    async markRead(actor, conversationId, seq) {
      const membership = await raise(actor, conversationId, 'read', seq);
      const { readSeq, deliveredSeq } = membership.member;
      return { readSeq, deliveredSeq, ...(await countsOf(actor.userId, membership)) };
    },
    async markDelivered(actor, conversationId, seq) {
      const { member } = await raise(actor, conversationId, 'delivered', seq);
      return { deliveredSeq: member.deliveredSeq };
    },
  };
}

function visibleReceiptOf(row: MemberRow, { member }: Membership): VisibleReceipt {
  return {
    userId: row.userId,
    ...memberReceiptsFor({ deliveredSeq: row.shownDeliveredSeq, readSeq: row.shownReadSeq }, member.stood),
    joinedSeq: row.joinedSeq,
  };
}

type ReceiptLists = Pick<Receipts, 'listReceipts' | 'receiptsFor'>;

function createReceiptLists({ repositories: { members }, requireMembership, users, cursors }: Deps): ReceiptLists {
  /** In a group, members who blocked the viewer show nothing; in a direct conversation, receipts stay where they were. */
  async function blockersFor({ conversation, member }: Membership): Promise<Set<string>> {
    return new Set(conversation.type === 'group' ? await users.relations.blockersOf(member.userId) : []);
  }

  return {
    async listReceipts({ userId }, conversationId, { limit, cursor }) {
      const membership = await requireMembership(userId, conversationId);
      const blockers = await blockersFor(membership);
      const name = `receipts ${conversationId}`;
      const after = cursor === undefined ? null : String(cursors.decode(name, userId, cursor));
      const found = await members.page(membership.conversation._id, after, limit + 2);
      const others = found.filter((row) => row.userId !== userId);
      const { rows, next } = page(others, limit, (row) => row.userId);
      const items = rows.map((row) => visibleReceiptOf(row, membership)).filter((one) => !blockers.has(one.userId));
      return {
        items: items.map(({ joinedSeq: _omitted, ...receipt }) => receipt),
        nextCursor: next === null ? null : cursors.encode(name, userId, next),
      };
    },
    async receiptsFor(membership) {
      const blockers = await blockersFor(membership);
      const rows = await members.of(membership.conversation._id);
      return rows.map((row) => visibleReceiptOf(row, membership)).filter(({ userId }) => !blockers.has(userId));
    },
  };
}

export function createReceipts(deps: Deps): Receipts {
  return { ...createMarking(deps), ...createReceiptLists(deps) };
}

const publishEveryMs = 1000;

interface GroupDeps {
  repositories: {
    conversations: Pick<ConversationRepository, 'byId'>;
    members: Pick<MemberRepository, 'hidersIn'>;
  };
  groupReceipts: Pick<GroupReceipts, 'onRisen'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** Publishes the lowest receipts of a group to all of its members: at once, and then at most once a second. */
export function publishGroupReceipts({ repositories, groupReceipts, bus }: GroupDeps): void {
  async function publish(conversationId: string): Promise<void> {
    const row = await repositories.conversations.byId(conversationId);
    if (row?.state !== 'active') return;
    const { reachedDeliveredSeq: deliveredSeq, reachedReadSeq: readSeq } = row;
    const hiders = await repositories.members.hidersIn(row._id);
    const except = hiders.map((member) => ({
      userId: member.userId,
      readSeq: groupReceiptsFor({ deliveredSeq, readSeq }, member.stood).readSeq,
    }));
    bus.publish('receipt.updated', { conversationId, userId: null, toUserIds: null, except, deliveredSeq, readSeq });
  }

  groupReceipts.onRisen(
    createThrottle(publishEveryMs, (conversationId) => {
      // A failed publication is not retried: clients that ask read the stored value, and the next rise is published.
      publish(conversationId).catch(() => undefined);
    }),
  );
}
