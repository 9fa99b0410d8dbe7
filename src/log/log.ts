import { setTimeout as wait } from 'node:timers/promises';
import type { InFlight } from '../kernel/in-flight.js';
import type { ConversationRepository } from '../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../repositories/members/member-repository.js';
import type { MessageRow, MessageRepository } from '../repositories/messages/message-repository.js';
import { Problem, unavailable } from '../kernel/problem.js';
import type { ChangeRow, ChangeRepository } from '../repositories/changes/change-repository.js';
import type { CheckpointRepository } from '../repositories/checkpoints/checkpoint-repository.js';
import { createCheckpoint } from './checkpoints.js';
import type { Entry, LogStream, Committed } from './entry.js';
import { createIds } from '../repositories/ids.js';
import { createConversationQueues, type Removals } from './conversation-queues.js';
import { type MessageEntry, messageStream, changeStream } from './streams.js';
import {
  changeProjection,
  createProjections,
  messageProjection,
  projectAll,
  type Projection,
  type Projections,
} from './projections.js';
import type { GroupReceipts } from './project.js';
import { every } from '../kernel/every.js';
import { completeAll, createRecovery, type RecoveryCalls } from './recovery.js';
import { createWriter } from './writer.js';
import type { LogRow } from '../repositories/log-repository.js';
import type { Draft, SystemDraft } from '../repositories/messages/new-message.js';
import { rowOf, systemRowOf } from '../repositories/messages/new-message.js';

/** Callbacks for a message on its way into the log. */
type DraftCalls = Pick<MessageEntry, 'refusal' | 'isSame' | 'mayLeave' | 'recheck' | 'announce'>;

/** A change whose content is written and which is marked as pending, before it has its number. */
export type ChangeDraft = Pick<ChangeRow, 'conversationId' | 'messageId' | 'userIds' | 'changeId'>;

/** Callbacks for a numbered change: before and after the acknowledgement. */
type ChangeCalls = Required<Pick<Entry<ChangeRow>, 'finish' | 'announce'>>;

export interface Log extends Pick<Projections, 'pending'> {
  /** Waits until everything that was recorded before the call is written; throws `unavailable` if that fails. */
  flushed(): Promise<void>;
  /**
   * Commits a message with the next number. Throws `client_id_reused` if the clientId belongs to another content,
   * `unavailable` if too much waits or the outcome stays unknown, and what `refusal` returns.
   */
  append(draft: Draft, calls: DraftCalls): Promise<Committed<MessageRow>>;
  /** Commits a system message, once for each `changeId`; throws `unavailable`. */
  appendSystem(draft: SystemDraft, announce: DraftCalls['announce']): Promise<MessageRow>;
  /** Numbers a change, once for each `changeId`; throws `unavailable`. */
  change(draft: ChangeDraft, calls: ChangeCalls): Promise<Committed<ChangeRow>>;
  /** Recovers from a crash before the first message is accepted; from then on runs recovery and writes the checkpoint at intervals. */
  start(calls: RecoveryCalls): Promise<void>;
  /** Waits until everything that was allowed before the call is written or rejected: a removal, a block or a deletion waits for it. */
  drained(): Promise<void>;
  /** Waits for what is in flight, then writes the projections and the last checkpoint. */
  stop(): Promise<void>;
  /** How many messages and changes wait in the queues. */
  waiting(): number;
}

interface Deps {
  messages: MessageRepository;
  changes: ChangeRepository;
  conversations: ConversationRepository;
  members: MemberRepository;
  checkpoints: CheckpointRepository;
  groupReceipts: GroupReceipts;
  removals: Pick<Removals, 'recordRemoval'>;
  /** Changes and reactions, which are not queued. */
  inFlight: Pick<InFlight, 'drained'>;
  /** Whether other processes may write. */
  isShared: boolean;
  onError: (error: unknown) => void;
}

const checkpointMs = 10_000;
const recoveryMs = 30_000;
const timeoutMs = 5_000;
/** No id that is created now carries a time further in the future. */
const aheadMs = 2_000;
/** How long another process may take to write what it had allowed before a removal. */
const otherProcessesMs = 1_000;
const rememberMs = 60_000;

/** The queues and the writer of one stream. */
interface LogPipeline<Row extends LogRow, Item extends Entry<Row>> {
  /** Adds a row to its queue; resolves when it is committed. */
  enqueue(entry: Omit<Item, 'resolve' | 'reject' | 'deadline'>): Promise<Committed<Row>>;
  waiting(): number;
  oldest(): (Date | null)[];
  isBroken(): boolean;
  idle(): Promise<void>;
  drained(): Promise<void>;
}

type WriterDeps = Omit<Parameters<typeof createWriter>[0], 'stream' | 'queues' | 'record'>;

function createPipeline<Row extends LogRow, Item extends Entry<Row>>(
  stream: LogStream<Row, Item>,
  record: (row: Row) => void,
  deps: WriterDeps,
): LogPipeline<Row, Item> {
  const queues = createConversationQueues<Row, Item>(stream.numberField);
  const writer = createWriter<Row, Item>({ ...deps, stream, queues, record });
  return {
    enqueue: (entry) =>
      new Promise((resolve, reject) => {
        queues.enqueue({ ...entry, resolve, reject, deadline: Date.now() + timeoutMs } as Item);
        writer.wake();
      }),
    waiting: queues.waiting,
    oldest: () => [queues.oldest(), writer.oldest()],
    isBroken: writer.isBroken,
    idle: writer.idle,
    drained: writer.drained,
  };
}

/** The parts of a log, connected to each other. */
function createPipelines(deps: Deps) {
  const { messages, changes, conversations, members, checkpoints, groupReceipts, removals, isShared, onError } = deps;
  const projecting = { conversations, members, groupReceipts, onError };
  const projections = createProjections(projecting);
  const projectRows = (rows: readonly Projection[]): Promise<void> => projectAll(projecting, rows);
  const recovery = createRecovery({ messages, changes, conversations, checkpoints, project: projectRows });
  const writing: WriterDeps = {
    flush: projections.flush,
    isShared,
    replayOwnLog: () => recovery.replay(checkpoint.time()),
    onError,
  };
  const ofMessages = createPipeline<MessageRow, MessageEntry>(
    messageStream(messages, { among: members.among, record: (id, userId) => removals.recordRemoval(id, userId) }),
    (row) => projections.record(messageProjection(row), row._id),
    writing,
  );
  const ofChanges = createPipeline<ChangeRow, Entry<ChangeRow>>(
    changeStream(changes),
    (row) => projections.record(changeProjection(row), row._id),
    writing,
  );
  const checkpoint = createCheckpoint({
    repository: checkpoints,
    unprojected: () => [...ofMessages.oldest(), ...ofChanges.oldest(), projections.oldest()],
    isUncertain: () => ofMessages.isBroken() || ofChanges.isBroken(),
  });
  return { projections, recovery, ofMessages, ofChanges, checkpoint };
}

interface CachedCommit {
  digest: string;
  commit: Promise<Committed<MessageRow>>;
}

/** Messages in flight or committed in the last minute, by conversation, sender and clientId: a retry is answered without the store. */
interface IdempotencyCache {
  find(key: string): CachedCommit | undefined;
  remember(key: string, cached: CachedCommit): void;
}

/** A failed commit is forgotten at once. */
function createIdempotencyCache(): IdempotencyCache {
  const cache = new Map<string, CachedCommit>();
  return {
    find: (key) => cache.get(key),
    remember(key, cached) {
      cache.set(key, cached);
      const forget = (): void => {
        if (cache.get(key) === cached) cache.delete(key);
      };
      cached.commit.then(() => setTimeout(forget, rememberMs).unref(), forget);
    },
  };
}

export function createLog(deps: Deps): Log {
  const { projections, recovery, ofMessages, ofChanges, checkpoint } = createPipelines(deps);
  const ids = createIds();
  const cache = createIdempotencyCache();
  const stops: (() => void)[] = [];

  return {
    pending: projections.pending,
    async flushed() {
      if (!(await projections.flush())) throw unavailable();
    },
    waiting: () => ofMessages.waiting() + ofChanges.waiting(),
    async append(draft, calls) {
      const key = `${draft.conversationId} ${draft.senderId} ${draft.clientId}`;
      const earlier = cache.find(key);
      if (earlier) {
        if (!calls.isSame(earlier.digest)) throw new Problem('client_id_reused');
        return { row: (await earlier.commit).row, isNew: false };
      }
      const commit = ofMessages.enqueue({ row: rowOf(draft, ids.next()), ...calls });
      cache.remember(key, { digest: draft.digest, commit });
      return commit;
    },
    async appendSystem(draft, announce) {
      const row = systemRowOf(draft, ids.next());
      const calls = { refusal: () => null, isSame: () => true, mayLeave: false, recheck: null, announce };
      return (await ofMessages.enqueue({ row, ...calls })).row;
    },
    change: (draft, calls) =>
      ofChanges.enqueue({
        row: { _id: ids.next(), ...draft, rev: 0, replacedAt: null },
        // Its content is written: nothing may refuse its number any more.
        refusal: () => null,
        ...calls,
      }),
    async drained() {
      await Promise.all([ofMessages.drained(), deps.inFlight.drained()]);
      if (deps.isShared) await wait(otherProcessesMs);
    },
    async start(calls) {
      const newest = await recovery.atStart(calls);
      if (newest) {
        ids.raiseTo(newest);
        checkpoint.raiseTo(newest);
      }
      await checkpoint.write();
      // What a crash has cut off is completed before the first request, however recent: completing twice is harmless.
      await completeAll(calls, new Date(Date.now() + aheadMs));
      stops.push(every(checkpointMs, checkpoint.write, deps.onError));
      stops.push(every(recoveryMs, () => recovery.now(checkpoint.id), deps.onError));
    },
    async stop() {
      for (const stop of stops) stop();
      await Promise.all([ofMessages.idle(), ofChanges.idle()]);
      await projections.stop();
      await checkpoint.write();
    },
  };
}
