import type { Types } from 'mongoose';
import type { ConversationRows } from '../features/conversations/conversations.model.js';
import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
import type { CheckpointRow, CheckpointRows } from './checkpoint.model.js';
import { firstIdAt } from './ids.js';

interface Deps {
  messages: MessageRows;
  conversations: ConversationRows;
  checkpoints: CheckpointRows;
  /** Writes what follows from messages. */
  project: (rows: readonly MessageRow[]) => Promise<void>;
}

/** What a sweep has others do. */
export interface SweepCalls {
  /** Tells of a message that had landed and was not in its conversation's head. */
  announce: (row: MessageRow) => Promise<void>;
  /** Finishes a conversation whose making was cut off. */
  finish: (conversationId: string) => Promise<void>;
}

export interface Sweep {
  /** Replays all messages from a time on; null replays everything. */
  replay(since: Date | null): Promise<void>;
  /** Before readiness: replays from the oldest checkpoint there is, and gives the newest. */
  atStart(calls: SweepCalls): Promise<Date | null>;
  /** Replays for the processes whose checkpoints stand still, and finishes what is pending. */
  now(ownId: Types.ObjectId): Promise<void>;
}

/** Clocks of processes and the times of ids differ by less. */
const slackMs = 10_000;
const stillMs = 30_000;
const dayMs = 86_400_000;
const pageSize = 1000;

/** Gives what mends the projections after a crash. */
export function createSweep({ messages, conversations, checkpoints, project }: Deps): Sweep {
  /** When a checkpoint was first seen with the value that it has. */
  const seen = new Map<string, { beat: number; at: number }>();
  let calls: SweepCalls | null = null;

  async function replayPage(rows: readonly MessageRow[]): Promise<void> {
    const ids = [...new Map(rows.map((row) => [String(row.conversationId), row.conversationId])).values()];
    const heads = new Map((await conversations.byIds(ids)).map((row) => [String(row._id), row.seq]));
    await project(rows);
    for (const row of rows) if (row.seq > (heads.get(String(row.conversationId)) ?? 0)) await calls?.announce(row);
  }

  async function replay(since: Date | null): Promise<void> {
    let after = since && firstIdAt(new Date(since.getTime() - slackMs));
    for (;;) {
      const rows = await messages.since(after, pageSize);
      if (rows.length > 0) await replayPage(rows);
      const last = rows.at(-1);
      if (!last || rows.length < pageSize) return;
      after = last._id;
    }
  }

  async function finishForming(): Promise<void> {
    const old = Date.now() - slackMs;
    for (const row of await conversations.forming(pageSize)) {
      if (row._id.getTimestamp().getTime() < old) await calls?.finish(String(row._id));
    }
  }

  /** Whether a checkpoint has not moved for half a minute, by this process' own clock. */
  function standsStill(row: CheckpointRow): boolean {
    const key = String(row._id);
    const known = seen.get(key);
    if (known?.beat === row.beat) return Date.now() - known.at >= stillMs;
    seen.set(key, { beat: row.beat, at: Date.now() });
    return false;
  }

  async function mend(row: CheckpointRow): Promise<void> {
    const startedAt = new Date();
    await replay(row.time);
    const stillSince = row.stillSince ?? startedAt;
    if (startedAt.getTime() - stillSince.getTime() > dayMs) {
      await checkpoints.remove(row);
      seen.delete(String(row._id));
    } else await checkpoints.advance(row, { time: startedAt, stillSince });
  }

  return {
    replay,
    async atStart(given) {
      calls = given;
      const all = await checkpoints.all();
      const times = all.map(({ time }) => time.getTime());
      await replay(times.length === 0 ? null : new Date(Math.min(...times)));
      for (const row of all) standsStill(row);
      await finishForming();
      return times.length === 0 ? null : new Date(Math.max(...times));
    },
    async now(ownId) {
      for (const row of await checkpoints.all()) if (!row._id.equals(ownId) && standsStill(row)) await mend(row);
      await finishForming();
    },
  };
}
