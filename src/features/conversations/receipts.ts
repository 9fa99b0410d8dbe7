import type { Cursors } from '../../kernel/cursors.js';
import type { Held } from '../../views/held.js';
import type { Relations } from '../users/relations.js';
import type { ListReceipts, ReceiptList } from './conversations.schemas.js';
import type { MemberRow, MemberRows } from './members.model.js';

/** What a member shows of his marks, and since when he is there. */
export interface Shown {
  userId: string;
  deliveredSeq: number;
  readSeq: number;
  joinedSeq: number;
}

export interface Receipts {
  /** What the other members show the caller of their marks; throws `not_found`. */
  list(userId: string, asked: ListReceipts & { conversationId: string }): Promise<ReceiptList>;
  /** All of it at once, for who is a member. */
  shownTo(held: Held): Promise<Shown[]>;
}

interface Deps {
  members: Pick<MemberRows, 'page' | 'of'>;
  standingOf(userId: string, conversationId: string): Promise<Held>;
  relations: Pick<Relations, 'blockersOf'>;
  cursors: Cursors;
}

/** As one member is shown the marks of another: who hides what he reads sees no reading beyond where it stood then. */
function shownOf(row: MemberRow, { member }: Held): Shown {
  return {
    userId: String(row.userId),
    deliveredSeq: row.shownDeliveredSeq,
    readSeq: Math.min(row.shownReadSeq, member.stood?.seq ?? Infinity),
    joinedSeq: row.joinedSeq,
  };
}

/** Builds what members are shown of each other's marks. */
export function createReceipts({ members, standingOf, relations, cursors }: Deps): Receipts {
  /** In a group, who has blocked the viewer shows him nothing; between two people the marks stay as they stood. */
  async function veiledTo({ conversation, member }: Held): Promise<Set<string>> {
    return new Set(conversation.type === 'group' ? await relations.blockersOf(String(member.userId)) : []);
  }

  return {
    async list(userId, { conversationId, limit, cursor }) {
      const held = await standingOf(userId, conversationId);
      const veiled = await veiledTo(held);
      const name = `receipts ${conversationId}`;
      const after = cursor === undefined ? null : String(cursors.decode(name, userId, cursor));
      const found = await members.page(held.conversation._id, after, limit + 2);
      const others = found.filter((row) => String(row.userId) !== userId);
      const page = others.slice(0, limit);
      const last = page.at(-1);
      const items = page.map((row) => shownOf(row, held)).filter((one) => !veiled.has(one.userId));
      return {
        items: items.map(({ joinedSeq: _unsaid, ...receipt }) => receipt),
        nextCursor: last && others.length > limit ? cursors.encode(name, userId, String(last.userId)) : null,
      };
    },
    async shownTo(held) {
      const veiled = await veiledTo(held);
      const rows = await members.of(String(held.conversation._id));
      return rows.map((row) => shownOf(row, held)).filter(({ userId }) => !veiled.has(userId));
    },
  };
}
