/** The log of conversations: the one door through which messages land. */
import { Types } from 'mongoose';
import type { ConversationRows } from '../features/conversations/conversations.model.js';
import type { MemberRows } from '../features/conversations/members.model.js';
import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
import { Problem } from '../kernel/problem.js';
import type { CheckpointRows } from './checkpoint.model.js';
import { createCheckpoint } from './checkpoints.js';
import type { Landed } from './entry.js';
import { createIds } from './ids.js';
import { createLanes } from './lanes.js';
import { type MessageEntry, messageKind } from './message-kind.js';
import { createProjections, project, type Projections } from './projections.js';
import { createRecent } from './recent.js';
import { repeat } from '../kernel/repeat.js';
import { createSweep, type SweepCalls } from './sweep.js';
import { createWriter } from './writer.js';

/** A message before it has its place. */
export interface Draft {
  conversationId: string;
  senderId: string;
  clientId: string;
  digest: string;
  text: string;
  replyTo: string | null;
  mentions: readonly string[];
}

/** What the log asks and tells about a draft. */
type DraftCalls = Pick<MessageEntry, 'refusal' | 'isSame' | 'announce'>;

export interface Log extends Pick<Projections, 'settle' | 'noted'> {
  /**
   * Gives a message its place, durably. Throws `client_id_reused` when the sender's clientId has another content,
   * `unavailable` when too much waits or the store cannot say what became of it, and what `refusal` gives.
   */
  append(draft: Draft, calls: DraftCalls): Promise<Landed<MessageRow>>;
  /** Mends what a crash has left, before the first message is taken; then sweeps and keeps the checkpoint. */
  start(calls: SweepCalls): Promise<void>;
  /** Waits for what is under way, writes the projections and the last checkpoint. */
  stop(): Promise<void>;
  /** How many messages wait for their place. */
  waiting(): number;
}

interface Deps {
  messages: MessageRows;
  conversations: ConversationRows;
  members: MemberRows;
  checkpoints: CheckpointRows;
  /** `mongodb`: other processes may share the database. */
  kind: 'embedded' | 'mongodb';
  onError: (error: unknown) => void;
}

const checkpointMs = 10_000;
const sweepMs = 30_000;
const patienceMs = 5_000;

/** The row of a draft; its number comes from its lane. */
function rowOf(draft: Draft, _id: Types.ObjectId): MessageRow {
  return {
    _id,
    conversationId: new Types.ObjectId(draft.conversationId),
    seq: 0,
    rev: 0,
    senderId: new Types.ObjectId(draft.senderId),
    clientId: draft.clientId,
    digest: draft.digest,
    text: draft.text,
    replyTo: draft.replyTo === null ? null : new Types.ObjectId(draft.replyTo),
    mentions: draft.mentions.map((userId) => new Types.ObjectId(userId)),
    createdAt: new Date(Math.max(Date.now(), _id.getTimestamp().getTime())),
  };
}

/** The parts of a log, tied to each other. */
function createParts({ messages, conversations, members, checkpoints, kind, onError }: Deps) {
  const projecting = { conversations, members, onError };
  const projections = createProjections(projecting);
  const sweep = createSweep({ messages, conversations, checkpoints, project: (rows) => project(projecting, rows) });
  const ofMessages = messageKind(messages);
  const lanes = createLanes<MessageRow, MessageEntry>(ofMessages);
  const writer = createWriter({
    kind: ofMessages,
    lanes,
    note: projections.note,
    settle: projections.settle,
    isShared: kind === 'mongodb',
    replayOwn: () => sweep.replay(checkpoint.time()),
    onError,
  });
  const checkpoint = createCheckpoint({
    rows: checkpoints,
    unprojected: () => [lanes.oldest(), writer.oldest(), projections.oldest()],
    isInDoubt: writer.isBroken,
  });
  return { projections, sweep, lanes, writer, checkpoint };
}

/** Builds the log of one process. */
export function createLog(deps: Deps): Log {
  const { projections, sweep, lanes, writer, checkpoint } = createParts(deps);
  const ids = createIds();
  const recent = createRecent();
  const stops: (() => void)[] = [];

  function enter(draft: Draft, calls: DraftCalls): Promise<Landed<MessageRow>> {
    return new Promise((resolve, reject) => {
      lanes.enter({ row: rowOf(draft, ids.next()), ...calls, resolve, reject, deadline: Date.now() + patienceMs });
      writer.wake();
    });
  }

  return {
    settle: projections.settle,
    noted: projections.noted,
    waiting: lanes.waiting,
    async append(draft, calls) {
      const key = `${draft.conversationId} ${draft.senderId} ${draft.clientId}`;
      const earlier = recent.find(key);
      if (earlier) {
        if (!calls.isSame(earlier.digest)) throw new Problem('client_id_reused');
        return { row: (await earlier.landing).row, isNew: false };
      }
      const landing = enter(draft, calls);
      recent.remember(key, { digest: draft.digest, landing });
      return landing;
    },
    async start(calls) {
      const newest = await sweep.atStart(calls);
      if (newest) {
        ids.raiseTo(newest);
        checkpoint.raiseTo(newest);
      }
      await checkpoint.write();
      stops.push(repeat(checkpointMs, checkpoint.write, deps.onError));
      stops.push(repeat(sweepMs, () => sweep.now(checkpoint.id), deps.onError));
    },
    async stop() {
      for (const stop of stops) stop();
      await writer.idle();
      await projections.stop();
      await checkpoint.write();
    },
  };
}
