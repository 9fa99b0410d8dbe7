import type { Cursors } from '../../kernel/cursors.js';
import type { Membership } from '../../views/membership.js';
import type { Relations } from '../../views/relations.js';
import type { ListReceipts, ReceiptList } from '@causerie/contract/conversations';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';

/** What a member shows of his marks, and since when he is there. */
export interface VisibleReceipt {
  userId: string;
  deliveredSeq: number;
  readSeq: number;
  joinedSeq: number;
}

export interface Receipts {
  /** What the other members show the caller of their marks; throws `not_found`. */
  list(userId: string, request: ListReceipts & { conversationId: string }): Promise<ReceiptList>;
  /** All of it at once, for who is a member. */
  shownTo(membership: Membership): Promise<VisibleReceipt[]>;
}

interface Deps {
  members: Pick<MemberRepository, 'page' | 'of'>;
  requireMembership(userId: string, conversationId: string): Promise<Membership>;
  relations: Pick<Relations, 'blockersOf'>;
  cursors: Cursors;
}

/** As one member is shown the marks of another: who hides what he reads sees no reading beyond where it stood then. */
function visibleReceiptOf(row: MemberRow, { member }: Membership): VisibleReceipt {
  return {
    userId: String(row.userId),
    deliveredSeq: row.shownDeliveredSeq,
    readSeq: Math.min(row.shownReadSeq, member.stood?.seq ?? Infinity),
    joinedSeq: row.joinedSeq,
  };
}

/** Builds what members are shown of each other's marks. */
export function createReceipts({ members, requireMembership, relations, cursors }: Deps): Receipts {
  /** In a group, who has blocked the viewer shows him nothing; between two people the marks stay as they stood. */
  async function blockedFor({ conversation, member }: Membership): Promise<Set<string>> {
    return new Set(conversation.type === 'group' ? await relations.blockersOf(String(member.userId)) : []);
  }

  return {
    async list(userId, { conversationId, limit, cursor }) {
      const membership = await requireMembership(userId, conversationId);
      const blocked = await blockedFor(membership);
      const name = `receipts ${conversationId}`;
      const after = cursor === undefined ? null : String(cursors.decode(name, userId, cursor));
      const found = await members.page(membership.conversation._id, after, limit + 2);
      const others = found.filter((row) => String(row.userId) !== userId);
      const page = others.slice(0, limit);
      const last = page.at(-1);
      const items = page.map((row) => visibleReceiptOf(row, membership)).filter((one) => !blocked.has(one.userId));
      return {
        items: items.map(({ joinedSeq: _unsaid, ...receipt }) => receipt),
        nextCursor: last && others.length > limit ? cursors.encode(name, userId, String(last.userId)) : null,
      };
    },
    async shownTo(membership) {
      const blocked = await blockedFor(membership);
      const rows = await members.of(String(membership.conversation._id));
      return rows.map((row) => visibleReceiptOf(row, membership)).filter(({ userId }) => !blocked.has(userId));
    },
  };
}
