/** Which messages a member can see: those after the member's start that they have not hidden for themselves. */
import type { HiddenRepository, Place } from '../repositories/hidden/hidden-repository.js';
import { startOf } from '../rules/conversations.js';
import type { MemberRow } from '../repositories/members/member-repository.js';
import type { MessageRow, MessageRange, MessageRepository } from '../repositories/messages/message-repository.js';

/** The fields of a member that decide which messages they see. */
export type Viewer = Pick<MemberRow, 'userId' | 'conversationId' | 'joinedSeq' | 'clearedSeq' | 'lastHiddenSeq'>;

export interface Visibility {
  /** The messages of a range that a member sees, in ascending order. */
  range(viewer: Viewer, range: MessageRange): Promise<MessageRow[]>;
  /** Whether a member sees the message with this `seq`. */
  sees(viewer: Viewer, seq: number): Promise<boolean>;
  /** Those of these messages that a member cannot see. */
  unseenOf(viewer: Viewer, seqs: readonly number[]): Promise<Set<number>>;
}

interface Deps {
  messages: Pick<MessageRepository, 'range'>;
  hidden: Pick<HiddenRepository, 'among' | 'within'>;
}

const seqsOf = (places: readonly Place[]): Set<number> => new Set(places.map(({ seq }) => seq));

/** Queries hidden messages only where `lastHiddenSeq` says that there can be any. */
export function createVisibility({ messages, hidden }: Deps): Visibility {
  async function withoutHidden({ userId, conversationId, lastHiddenSeq }: Viewer, rows: readonly MessageRow[]) {
    const [first, last] = [rows[0], rows.at(-1)];
    if (!first || !last || first.seq > lastHiddenSeq) return [...rows];
    const stretch = { conversationId, above: first.seq - 1, upTo: last.seq };
    const hiddenMessages = seqsOf(await hidden.within(userId, [stretch]));
    return rows.filter(({ seq }) => !hiddenMessages.has(seq));
  }

  async function unseenOf(viewer: Viewer, seqs: readonly number[]): Promise<Set<number>> {
    const start = startOf(viewer);
    const { conversationId, lastHiddenSeq } = viewer;
    const candidates = seqs.filter((seq) => seq > start && seq <= lastHiddenSeq);
    const places = candidates.map((seq) => ({ conversationId, seq }));
    const hiddenMessages = candidates.length === 0 ? [] : await hidden.among(viewer.userId, places);
    return new Set([...seqs.filter((seq) => seq <= start), ...seqsOf(hiddenMessages)]);
  }

  return {
    unseenOf,
    sees: async (viewer, seq) => (await unseenOf(viewer, [seq])).size === 0,
    async range(viewer, { above, below, limit, nearest }) {
      const found: MessageRow[] = [];
      let bounds = { above: Math.max(above, startOf(viewer)), below };
      for (;;) {
        const rows = await messages.range(viewer.conversationId, {
          ...bounds,
          limit: limit - found.length,
          nearest,
        });
        const visible = await withoutHidden(viewer, rows);
        if (nearest === 'above') found.push(...visible);
        else found.unshift(...visible);
        const [first, last] = [rows[0], rows.at(-1)];
        if (!first || !last || visible.length === rows.length || found.length >= limit) return found;
        bounds = nearest === 'above' ? { ...bounds, above: last.seq } : { ...bounds, below: first.seq };
      }
    },
  };
}
