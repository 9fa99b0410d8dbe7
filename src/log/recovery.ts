import { firstIdAt } from '../repositories/ids.js';
import type { ConversationRow, ConversationRepository } from '../repositories/conversations/conversation-repository.js';
import type { MessageRow, MessageRepository } from '../repositories/messages/message-repository.js';
import type { ChangeRow, ChangeRepository } from '../repositories/changes/change-repository.js';
import type { CheckpointRow, CheckpointRepository } from '../repositories/checkpoints/checkpoint-repository.js';
import { changeProjection, messageProjection, type Projection } from './projections.js';
import type { Repositories } from '../repositories/repositories.js';
import type { LogRow } from '../repositories/log-repository.js';

interface Deps {
  messages: Pick<MessageRepository, 'since'>;
  changes: Pick<ChangeRepository, 'since'>;
  conversations: Pick<ConversationRepository, 'byIds'>;
  checkpoints: CheckpointRepository;
  /** Writes what follows from rows of the log. */
  project: (projections: readonly Projection[]) => Promise<void>;
}

/** The repositories whose work can be interrupted halfway: they can list it. */
type InterruptibleWork = {
  [Name in keyof Repositories]: Repositories[Name] extends { unfinished: unknown } ? Name : never;
}[keyof Repositories];

/** What recovery needs from other rooms. */
export interface RecoveryCalls {
  /** Publishes a committed message that was missing from the head of its conversation. */
  announce: (row: MessageRow) => Promise<void>;
  /** Publishes a committed change that was missing from the head of its conversation. */
  announceChange: (row: ChangeRow) => Promise<void>;
  /** Completes the work of each repository that can be interrupted: what was begun before a moment. */
  complete: Record<InterruptibleWork, (before: Date) => Promise<void>>;
  /** Called when all of it is completed. */
  completed: () => Promise<void>;
}

export interface Recovery {
  /** Replays the log from a time on; null replays all of it. */
  replay(since: Date | null): Promise<void>;
  /** Replays from the oldest checkpoint, before readiness; returns the newest one. */
  atStart(calls: RecoveryCalls): Promise<Date | null>;
  /** Replays for processes whose checkpoints do not advance, and completes what is pending. */
  now(processId: string): Promise<void>;
}

/** How the rows of one stream are replayed. */
interface ReplayStream<Row extends LogRow> {
  since: (after: string | null, limit: number) => Promise<Row[]>;
  projectionOf: (row: Row) => Projection;
  /** Whether the head of a conversation is behind a row. */
  isAhead: (row: Row, head: ConversationRow) => boolean;
  announce: (row: Row) => Promise<void> | undefined;
}

/** The clocks of processes and the times of ids differ by less than this. */
const slackMs = 10_000;
const stillMs = 30_000;
const dayMs = 86_400_000;
const pageSize = 1000;

type ReplayDeps = Pick<Deps, 'messages' | 'changes' | 'conversations' | 'project'>;

/** Creates the replay of the log; `calls` returns what publishes rows that were missing from a head. */
function createReplay({ messages, changes, conversations, project }: ReplayDeps, calls: () => RecoveryCalls | null) {
  const ofMessages: ReplayStream<MessageRow> = {
    since: messages.since,
    projectionOf: messageProjection,
    isAhead: ({ seq }, head) => seq > head.seq,
    announce: (row) => calls()?.announce(row),
  };
  const ofChanges: ReplayStream<ChangeRow> = {
    since: changes.since,
    projectionOf: changeProjection,
    isAhead: ({ rev }, head) => rev > head.rev,
    announce: (row) => calls()?.announceChange(row),
  };

  async function replayPage<Row extends LogRow>(stream: ReplayStream<Row>, rows: readonly Row[]): Promise<void> {
    const ids = [...new Set(rows.map(({ conversationId }) => conversationId))];
    const heads = new Map((await conversations.byIds(ids)).map((head) => [head._id, head]));
    await project(rows.map(stream.projectionOf));
    for (const row of rows) {
      const head = heads.get(row.conversationId);
      if (head && stream.isAhead(row, head)) await stream.announce(row);
    }
  }

  async function replayStream<Row extends LogRow>(stream: ReplayStream<Row>, since: Date | null): Promise<void> {
    let after = since && firstIdAt(new Date(since.getTime() - slackMs));
    for (;;) {
      const rows = await stream.since(after, pageSize);
      if (rows.length > 0) await replayPage(stream, rows);
      const last = rows.at(-1);
      if (!last || rows.length < pageSize) return;
      after = last._id;
    }
  }

  return async function replay(since: Date | null): Promise<void> {
    await replayStream(ofMessages, since);
    await replayStream(ofChanges, since);
  };
}

/** Completes what was begun before a moment and interrupted; completing twice is harmless. */
export async function completeAll({ complete, completed }: RecoveryCalls, before: Date): Promise<void> {
  for (const completeOne of Object.values(complete)) await completeOne(before);
  await completed();
}

/** Brings the projections in line with the log after a crash. */
export function createRecovery(deps: Deps): Recovery {
  const { checkpoints } = deps;
  /** When each checkpoint was first seen with its present value. */
  const seen = new Map<string, { beat: number; at: number }>();
  let calls: RecoveryCalls | null = null;
  const replay = createReplay(deps, () => calls);

  async function finish(): Promise<void> {
    if (calls) await completeAll(calls, new Date(Date.now() - slackMs));
  }

  /** Whether a checkpoint has not advanced for 30 seconds, by the clock of this process. */
  function isStalled(row: CheckpointRow): boolean {
    const key = row._id;
    const known = seen.get(key);
    if (known?.beat === row.beat) return Date.now() - known.at >= stillMs;
    seen.set(key, { beat: row.beat, at: Date.now() });
    return false;
  }

  async function recover(row: CheckpointRow): Promise<void> {
    const startedAt = new Date();
    await replay(row.time);
    const stillSince = row.stillSince ?? startedAt;
    if (startedAt.getTime() - stillSince.getTime() > dayMs) {
      await checkpoints.remove(row);
      seen.delete(row._id);
    } else await checkpoints.advance(row, { time: startedAt, stillSince });
  }

  return {
    replay,
    async atStart(given) {
      calls = given;
      const all = await checkpoints.all();
      const times = all.map(({ time }) => time.getTime());
      await replay(times.length === 0 ? null : new Date(Math.min(...times)));
      for (const row of all) isStalled(row);
      return times.length === 0 ? null : new Date(Math.max(...times));
    },
    async now(processId) {
      for (const row of await checkpoints.all()) if (row._id !== processId && isStalled(row)) await recover(row);
      await finish();
    },
  };
}
