import type { Types } from 'mongoose';
import type { ConversationRows, Head } from '../features/conversations/conversations.model.js';
import type { MemberRows, SentMark } from '../features/conversations/members.model.js';
import type { NotedMark } from '../features/conversations/standing.js';
import { inTime } from '../kernel/patience.js';
import type { MessageRow } from '../features/messages/messages.model.js';
import type { Reached } from './reached.js';
import type { ChangeRow } from './change.model.js';

/** What this process knows of a conversation and has not written yet. */
interface Noted {
  head: Head;
  marks: Map<string, NotedMark>;
  /** The id time of the oldest row in it. */
  since: number;
}

/** What follows from one row of the log. */
export interface Projection {
  head: Head;
  mark: SentMark | null;
}

export interface Projections {
  /** Remembers what follows from a row that has landed; `id` is that row's. */
  note(projection: Projection, id: Types.ObjectId): void;
  /**
   * Waits until all that was noted before the call is written; false when that failed, and then what `noted` gives is
   * above what is stored.
   */
  settle(): Promise<boolean>;
  /** The head and the marks of a conversation that are noted and not written. */
  noted(conversationId: string): { head: Head; marks: ReadonlyMap<string, NotedMark> } | null;
  /** The id time of the oldest row whose projection is not written. */
  oldest(): Date | null;
  /** Ends the writing behind. */
  stop(): Promise<void>;
}

interface Deps {
  conversations: Pick<ConversationRows, 'raiseHeads'>;
  reached: Pick<Reached, 'raise'>;
  members: Pick<MemberRows, 'raiseSent'>;
  onError: (error: unknown) => void;
}

const behindMs = 250;
type Batch = Map<string, Noted>;

function noteIn(batch: Batch, head: Head, marks: ReadonlyMap<string, NotedMark>, since: number): void {
  const noted = batch.get(head.conversationId);
  if (!noted) {
    batch.set(head.conversationId, { head: { ...head }, marks: new Map(marks), since });
    return;
  }
  noted.head.seq = Math.max(noted.head.seq, head.seq);
  noted.head.rev = Math.max(noted.head.rev, head.rev);
  noted.head.lastUncountedSeq = Math.max(noted.head.lastUncountedSeq, head.lastUncountedSeq);
  if (head.lastActivityAt > noted.head.lastActivityAt) noted.head.lastActivityAt = head.lastActivityAt;
  noted.since = Math.min(noted.since, since);
  for (const [userId, mark] of marks) {
    const known = noted.marks.get(userId) ?? mark;
    noted.marks.set(userId, {
      seq: Math.max(known.seq, mark.seq),
      shownSeq: Math.max(known.shownSeq, mark.shownSeq),
    });
  }
}

function sentMark({ conversationId, senderId, seq, isReadHidden }: MessageRow): SentMark {
  return {
    conversationId: String(conversationId),
    userId: String(senderId),
    seq,
    shownSeq: isReadHidden ? 0 : seq,
  };
}

/** What follows from a message: its conversation's head, and that its sender has read it. */
export function messageProjection(row: MessageRow): Projection {
  const conversationId = String(row.conversationId);
  const lastUncountedSeq = row.uncounted ? row.seq : 0;
  return {
    head: { conversationId, seq: row.seq, rev: 0, lastActivityAt: row.createdAt, lastUncountedSeq },
    // Who causes a system message has not sent it, and so not read it.
    mark: row.type === 'system' ? null : sentMark(row),
  };
}

/** What follows from a change: the other half of its conversation's head. */
export function changeProjection({ conversationId, rev }: ChangeRow): Projection {
  const head = {
    conversationId: String(conversationId),
    seq: 0,
    rev,
    lastActivityAt: new Date(0),
    lastUncountedSeq: 0,
  };
  return { head, mark: null };
}

const marksOf = ({ mark }: Projection): Map<string, NotedMark> =>
  new Map(mark ? [[mark.userId, { seq: mark.seq, shownSeq: mark.shownSeq }]] : []);

/** Writes down what follows from rows of the log: marks before heads, one write for each of them, however many rows. */
export async function project(rows: Deps, projections: readonly Projection[]): Promise<void> {
  const batch: Batch = new Map();
  for (const projection of projections) noteIn(batch, projection.head, marksOf(projection), 0);
  await write(rows, batch, true);
}

async function write({ conversations, members, reached }: Deps, batch: Batch, isDurable: boolean): Promise<void> {
  const notes = [...batch.values()];
  const marks = notes.flatMap(({ head: { conversationId }, marks: held }) =>
    [...held].map(([userId, mark]) => ({ conversationId, userId, ...mark })),
  );
  await members.raiseSent(marks, isDurable);
  await reached.raise([...new Set(marks.map(({ conversationId }) => conversationId))]);
  await conversations.raiseHeads(
    notes.map(({ head }) => head),
    isDurable,
  );
}

/** What is noted and not written: the batch that gathers, and the one that is being written. */
function createNotes() {
  let dirty: Batch = new Map();
  let writing: Batch = new Map();
  return {
    add(projection: Projection, id: Types.ObjectId): void {
      noteIn(dirty, projection.head, marksOf(projection), id.getTimestamp().getTime());
    },
    isClean: (): boolean => dirty.size === 0,
    begin: (): Batch => {
      writing = dirty;
      dirty = new Map();
      return writing;
    },
    end(isWritten: boolean): void {
      const left = isWritten ? [] : writing.values();
      for (const { head, marks, since } of left) noteIn(dirty, head, marks, since);
      writing = new Map();
    },
    of(conversationId: string): Noted | null {
      const merged: Batch = new Map();
      for (const batch of [writing, dirty]) {
        const held = batch.get(conversationId);
        if (held) noteIn(merged, held.head, held.marks, held.since);
      }
      return merged.get(conversationId) ?? null;
    },
    oldest(): Date | null {
      const times = [...writing.values(), ...dirty.values()].map(({ since }) => since);
      return times.length === 0 ? null : new Date(Math.min(...times));
    },
  };
}

/** Gives the projections of one process, written behind and together. */
export function createProjections(deps: Deps): Projections {
  const notes = createNotes();
  let flight: Promise<boolean> | null = null;
  let next: Promise<boolean> | null = null;
  let timer: NodeJS.Timeout | null = null;

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = null;
      // A flush that fails schedules the next one.
      void settle();
    }, behindMs);
  }

  async function flush(): Promise<boolean> {
    let isWritten = false;
    try {
      // It need not wait for the journal: after a crash the sweep replays the log from the journaled checkpoint.
      await inTime(write(deps, notes.begin(), false));
      isWritten = true;
    } catch (error) {
      deps.onError(error);
      schedule();
    }
    notes.end(isWritten);
    flight = null;
    return isWritten;
  }

  /** A flush that has begun does not count for what was noted later: who comes meanwhile shares the next one. */
  function settle(): Promise<boolean> {
    if (flight && notes.isClean()) return flight;
    if (flight) {
      next ??= flight.then(() => {
        next = null;
        return settle();
      });
      return next;
    }
    return notes.isClean() ? Promise.resolve(true) : (flight = flush());
  }

  return {
    note(projection, id) {
      notes.add(projection, id);
      schedule();
    },
    settle,
    noted: notes.of,
    oldest: notes.oldest,
    async stop() {
      if (timer) clearTimeout(timer);
      // What cannot be written stays above the last checkpoint, from which the next start or sweep replays it.
      await settle();
      if (timer) clearTimeout(timer);
    },
  };
}
