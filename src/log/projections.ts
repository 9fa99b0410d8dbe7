/** Projections that are not written yet: recorded in memory, written with a delay, and applied to rows that are read in the meantime. */
import { withTimeout } from '../kernel/timeouts.js';
import type { ChangeRow } from '../repositories/changes/change-repository.js';
import type { ConversationRow, Head } from '../repositories/conversations/conversation-repository.js';
import { timeOf } from '../repositories/ids.js';
import type { MemberRow, SenderReceipt } from '../repositories/members/member-repository.js';
import type { MessageRow } from '../repositories/messages/message-repository.js';
import { project, type ProjectionTargets } from './project.js';

/** How far a sender has read by sending, and how much of it others are shown. */
export interface PendingReceipt {
  seq: number;
  shownSeq: number;
}

/** What this process knows of a conversation and has not written yet. */
export interface PendingState {
  head: Head;
  receipts: ReadonlyMap<string, PendingReceipt>;
}

interface PendingProjection extends PendingState {
  receipts: Map<string, PendingReceipt>;
  /** The id time of the oldest row in it. */
  since: number;
}

/** What follows from one row of the log. */
export interface Projection {
  head: Head;
  senderReceipt: SenderReceipt | null;
}

export interface Projections {
  /** Records what follows from a committed row; `id` is the id of that row. */
  record(projection: Projection, id: string): void;
  /**
   * Waits until everything recorded before the call is written. Returns false if that failed: then `pending` is above
   * what is stored.
   */
  flush(): Promise<boolean>;
  /** What is recorded of a conversation and not written. */
  pending(conversationId: string): PendingState | null;
  /** The id time of the oldest row whose projection is not written. */
  oldest(): Date | null;
  /** Stops writing behind, after a last flush. */
  stop(): Promise<void>;
}

/** What readers need to show no less than was acknowledged. */
export interface PendingSource extends Pick<Projections, 'pending'> {
  /** Waits until everything recorded is written; throws `unavailable` if that fails. */
  flushed(): Promise<void>;
}

interface Deps extends ProjectionTargets {
  onError: (error: unknown) => void;
}

const behindMs = 250;
type Batch = Map<string, PendingProjection>;

function recordIn(batch: Batch, head: Head, receipts: ReadonlyMap<string, PendingReceipt>, since: number): void {
  const pending = batch.get(head.conversationId);
  if (!pending) {
    batch.set(head.conversationId, { head: { ...head }, receipts: new Map(receipts), since });
    return;
  }
  pending.head.seq = Math.max(pending.head.seq, head.seq);
  pending.head.rev = Math.max(pending.head.rev, head.rev);
  pending.head.lastUncountedSeq = Math.max(pending.head.lastUncountedSeq, head.lastUncountedSeq);
  if (head.lastActivityAt > pending.head.lastActivityAt) pending.head.lastActivityAt = head.lastActivityAt;
  pending.since = Math.min(pending.since, since);
  for (const [userId, receipt] of receipts) {
    const known = pending.receipts.get(userId) ?? receipt;
    pending.receipts.set(userId, {
      seq: Math.max(known.seq, receipt.seq),
      shownSeq: Math.max(known.shownSeq, receipt.shownSeq),
    });
  }
}

function senderReceiptOf({ conversationId, senderId, seq, isReadHidden }: MessageRow): SenderReceipt {
  return {
    conversationId,
    userId: String(senderId),
    seq,
    shownSeq: isReadHidden ? 0 : seq,
  };
}

/** A message raises the head of its conversation, and its sender has read it. */
export function messageProjection(row: MessageRow): Projection {
  const conversationId = row.conversationId;
  const lastUncountedSeq = row.uncounted ? row.seq : 0;
  return {
    head: { conversationId, seq: row.seq, rev: 0, lastActivityAt: row.createdAt, lastUncountedSeq },
    // The cause of a system message has not sent it, and so has not read it.
    senderReceipt: row.type === 'system' ? null : senderReceiptOf(row),
  };
}

/** A change raises the other half of the head of its conversation. */
export function changeProjection({ conversationId, rev }: ChangeRow): Projection {
  const head = { conversationId, seq: 0, rev, lastActivityAt: new Date(0), lastUncountedSeq: 0 };
  return { head, senderReceipt: null };
}

const receiptsOf = ({ senderReceipt }: Projection): Map<string, PendingReceipt> =>
  new Map(senderReceipt ? [[senderReceipt.userId, { seq: senderReceipt.seq, shownSeq: senderReceipt.shownSeq }]] : []);

const contentOf = (batch: Batch) => ({
  heads: [...batch.values()].map(({ head }) => head),
  receipts: [...batch.values()].flatMap(({ head: { conversationId }, receipts }) =>
    [...receipts].map(([userId, receipt]) => ({ conversationId, userId, ...receipt })),
  ),
});

/** Writes what follows from rows that recovery has replayed. */
export async function projectAll(targets: ProjectionTargets, projections: readonly Projection[]): Promise<void> {
  const batch: Batch = new Map();
  for (const projection of projections) recordIn(batch, projection.head, receiptsOf(projection), 0);
  await project(targets, contentOf(batch), true);
}

/** What is recorded and not written: the batch that gathers, and the one being written. */
function createPendingBatches() {
  let dirty: Batch = new Map();
  let writing: Batch = new Map();
  return {
    add(projection: Projection, id: string): void {
      recordIn(dirty, projection.head, receiptsOf(projection), timeOf(id).getTime());
    },
    isClean: (): boolean => dirty.size === 0,
    begin: (): Batch => {
      writing = dirty;
      dirty = new Map();
      return writing;
    },
    end(isWritten: boolean): void {
      const left = isWritten ? [] : writing.values();
      for (const { head, receipts, since } of left) recordIn(dirty, head, receipts, since);
      writing = new Map();
    },
    of(conversationId: string): PendingProjection | null {
      const merged: Batch = new Map();
      for (const batch of [writing, dirty]) {
        const one = batch.get(conversationId);
        if (one) recordIn(merged, one.head, one.receipts, one.since);
      }
      return merged.get(conversationId) ?? null;
    },
    oldest(): Date | null {
      const times = [...writing.values(), ...dirty.values()].map(({ since }) => since);
      return times.length === 0 ? null : new Date(Math.min(...times));
    },
  };
}

/** Projections are written behind, and together. */
export function createProjections(deps: Deps): Projections {
  const batches = createPendingBatches();
  let flight: Promise<boolean> | null = null;
  let next: Promise<boolean> | null = null;
  let timer: NodeJS.Timeout | null = null;

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = null;
      // A flush that fails schedules the next one.
      void flush();
    }, behindMs);
  }

  async function writePending(): Promise<boolean> {
    let isWritten = false;
    try {
      // It need not wait for the journal: after a crash, recovery replays the log from the journaled checkpoint.
      await withTimeout(project(deps, contentOf(batches.begin()), false));
      isWritten = true;
    } catch (error) {
      deps.onError(error);
      schedule();
    }
    batches.end(isWritten);
    flight = null;
    return isWritten;
  }

  /** A flush that began earlier does not count for what was recorded later: later callers share the next one. */
  function flush(): Promise<boolean> {
    if (flight && batches.isClean()) return flight;
    if (flight) {
      next ??= flight.then(() => {
        next = null;
        return flush();
      });
      return next;
    }
    return batches.isClean() ? Promise.resolve(true) : (flight = writePending());
  }

  return {
    record(projection, id) {
      batches.add(projection, id);
      schedule();
    },
    flush,
    pending: batches.of,
    oldest: batches.oldest,
    async stop() {
      if (timer) clearTimeout(timer);
      // What cannot be written stays above the last checkpoint, from which the next start or recovery replays it.
      await flush();
      if (timer) clearTimeout(timer);
    },
  };
}

/** The larger of the stored head and the pending one: whatever was acknowledged is at or below every head that a client is shown. */
export function raised(conversation: ConversationRow, pending: PendingState | null): ConversationRow {
  if (!pending) return conversation;
  const { head } = pending;
  return {
    ...conversation,
    seq: Math.max(head.seq, conversation.seq),
    rev: Math.max(head.rev, conversation.rev),
    lastUncountedSeq: Math.max(head.lastUncountedSeq, conversation.lastUncountedSeq),
    lastActivityAt:
      head.lastActivityAt > conversation.lastActivityAt ? head.lastActivityAt : conversation.lastActivityAt,
  };
}

/** The same for a member: sending is reading. */
export function raisedMember(member: MemberRow, pending: PendingState | null): MemberRow {
  const sent = pending?.receipts.get(member.userId);
  if (!sent || sent.seq <= member.readSeq) return member;
  return {
    ...member,
    readSeq: sent.seq,
    deliveredSeq: Math.max(sent.seq, member.deliveredSeq),
    shownReadSeq: Math.max(sent.shownSeq, member.shownReadSeq),
    shownDeliveredSeq: Math.max(sent.seq, member.shownDeliveredSeq),
    markedUnread: false,
  };
}
