import { type Id, firstIdAt } from '../repositories/ids.js';
import type { ConversationRow, ConversationRepository } from '../repositories/conversations/conversation-repository.js';
import type { MessageRow, MessageRepository } from '../repositories/messages/message-repository.js';
import type { ChangeRow, ChangeRepository } from '../repositories/changes/change-repository.js';
import type { CheckpointRow, CheckpointRepository } from '../repositories/checkpoints/checkpoint-repository.js';
import { changeProjection, messageProjection, type Projection } from './projections.js';
import type { LogRow } from '../repositories/log-repository.js';

interface Deps {
  messages: Pick<MessageRepository, 'since'>;
  changes: Pick<ChangeRepository, 'since'>;
  conversations: Pick<ConversationRepository, 'byIds'>;
  checkpoints: CheckpointRepository;
  /** Writes what follows from rows of the log. */
  project: (projections: readonly Projection[]) => Promise<void>;
}

/** What a sweep has others do. */
export interface RecoveryCalls {
  /** Tells of a message that had landed and was not in its conversation's head. */
  announce: (row: MessageRow) => Promise<void>;
  /** Tells of a change that had landed and was not in its conversation's head. */
  announceChange: (row: ChangeRow) => Promise<void>;
  /** Finishes what was begun before a moment and then cut off. */
  finish: (before: Date) => Promise<void>;
}

export interface Recovery {
  /** Replays the log from a time on; null replays everything. */
  replay(since: Date | null): Promise<void>;
  /** Before readiness: replays from the oldest checkpoint there is, and gives the newest. */
  atStart(calls: RecoveryCalls): Promise<Date | null>;
  /** Replays for the processes whose checkpoints stand still, and finishes what is pending. */
  now(processId: Id): Promise<void>;
}

/** How rows of one kind are replayed. */
interface Replayed<Row extends LogRow> {
  since: (after: Id | null, limit: number) => Promise<Row[]>;
  projectionOf: (row: Row) => Projection;
  /** Whether a conversation's head lacks a row. */
  isAhead: (row: Row, head: ConversationRow) => boolean;
  announce: (row: Row) => Promise<void> | undefined;
}

/** Clocks of processes and the times of ids differ by less. */
const slackMs = 10_000;
const stillMs = 30_000;
const dayMs = 86_400_000;
const pageSize = 1000;

type ReplayDeps = Pick<Deps, 'messages' | 'changes' | 'conversations' | 'project'>;

/** Builds the replay of the log; `calls` gives whom to tell of what was not in a head. */
function createReplay({ messages, changes, conversations, project }: ReplayDeps, calls: () => RecoveryCalls | null) {
  const ofMessages: Replayed<MessageRow> = {
    since: messages.since,
    projectionOf: messageProjection,
    isAhead: ({ seq }, head) => seq > head.seq,
    announce: (row) => calls()?.announce(row),
  };
  const ofChanges: Replayed<ChangeRow> = {
    since: changes.since,
    projectionOf: changeProjection,
    isAhead: ({ rev }, head) => rev > head.rev,
    announce: (row) => calls()?.announceChange(row),
  };

  async function replayPage<Row extends LogRow>(stream: Replayed<Row>, rows: readonly Row[]): Promise<void> {
    const ids = [...new Map(rows.map((row) => [String(row.conversationId), row.conversationId])).values()];
    const heads = new Map((await conversations.byIds(ids)).map((head) => [String(head._id), head]));
    await project(rows.map(stream.projectionOf));
    for (const row of rows) {
      const head = heads.get(String(row.conversationId));
      if (head && stream.isAhead(row, head)) await stream.announce(row);
    }
  }

  async function replayStream<Row extends LogRow>(stream: Replayed<Row>, since: Date | null): Promise<void> {
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

/** Gives what mends the projections after a crash. */
export function createRecovery(deps: Deps): Recovery {
  const { checkpoints } = deps;
  /** When a checkpoint was first seen with the value that it has. */
  const seen = new Map<string, { beat: number; at: number }>();
  let calls: RecoveryCalls | null = null;
  const replay = createReplay(deps, () => calls);

  async function finish(): Promise<void> {
    await calls?.finish(new Date(Date.now() - slackMs));
  }

  /** Whether a checkpoint has not moved for half a minute, by this process' own clock. */
  function standsStill(row: CheckpointRow): boolean {
    const key = String(row._id);
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
      return times.length === 0 ? null : new Date(Math.max(...times));
    },
    async now(processId) {
      for (const row of await checkpoints.all()) if (!row._id.equals(processId) && standsStill(row)) await recover(row);
      await finish();
    },
  };
}
