/** The log of conversations: the one door through which messages land and changes are numbered. */
import { Types } from 'mongoose';
import type { Departures } from '../features/conversations/departures.js';
import type { ConversationRows } from '../features/conversations/conversations.model.js';
import type { SystemContent } from '../features/conversations/group-change.model.js';
import type { MemberRows } from '../features/conversations/members.model.js';
import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
import type { AttachmentRow } from '../features/media/attachment.model.js';
import { Problem, unavailable } from '../kernel/problem.js';
import type { ChangeRow, ChangeRows } from './change.model.js';
import { changeKind } from './change-kind.js';
import type { CheckpointRows } from './checkpoint.model.js';
import { createCheckpoint } from './checkpoints.js';
import type { Entry, Kind, Landed, LogRow } from './entry.js';
import { createIds } from './ids.js';
import { createLanes } from './lanes.js';
import { type MessageEntry, messageKind } from './message-kind.js';
import {
  changeProjection,
  createProjections,
  messageProjection,
  project,
  type Projection,
  type Projections,
} from './projections.js';
import type { Reached } from './reached.js';
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
  words: string[];
  attachments: AttachmentRow[];
  replyTo: string | null;
  mentions: readonly string[];
  unheard: readonly string[];
  isReadHidden: boolean;
}

/** What the log asks and tells about a draft. */
type DraftCalls = Pick<MessageEntry, 'refusal' | 'isSame' | 'mayLeave' | 'recheck' | 'announce'>;

/** A change whose content and mark are written, before it has its number. */
export type ChangeDraft = Pick<ChangeRow, 'conversationId' | 'messageId' | 'userIds' | 'changeId'>;

/** A system message before it has its place. */
export type SystemDraft = Required<Pick<MessageRow, 'conversationId' | 'changeId'>> & { system: SystemContent };

/** What the log has done with a numbered change: before the acknowledgement, and after it. */
type ChangeCalls = Required<Pick<Entry<ChangeRow>, 'finish' | 'announce'>>;

export interface Log extends Pick<Projections, 'noted'> {
  /** Waits until all that was noted before the call is written; throws `unavailable` when that failed. */
  flushed(): Promise<void>;
  /**
   * Gives a message its place, durably. Throws `client_id_reused` when the sender's clientId has another content,
   * `unavailable` when too much waits or the store cannot say what became of it, and what `refusal` gives.
   */
  append(draft: Draft, calls: DraftCalls): Promise<Landed<MessageRow>>;
  /** Gives a system message its place, once for each `changeId`; throws `unavailable`. */
  appendSystem(draft: SystemDraft, announce: DraftCalls['announce']): Promise<MessageRow>;
  /** Numbers a change, once for each `changeId`; throws `unavailable`. */
  change(draft: ChangeDraft, calls: ChangeCalls): Promise<Landed<ChangeRow>>;
  /** Mends what a crash has left, before the first message is taken; then sweeps and keeps the checkpoint. */
  start(calls: SweepCalls): Promise<void>;
  /** Waits until what is being written now has landed or failed. */
  passed(): Promise<void>;
  /** Waits for what is under way, writes the projections and the last checkpoint. */
  stop(): Promise<void>;
  /** How many messages and changes wait for their place. */
  waiting(): number;
}

interface Deps {
  messages: MessageRows;
  changes: ChangeRows;
  conversations: ConversationRows;
  members: MemberRows;
  checkpoints: CheckpointRows;
  reached: Reached;
  departures: Pick<Departures, 'note'>;
  /** Whether other processes may write. */
  isShared: boolean;
  onError: (error: unknown) => void;
}

const checkpointMs = 10_000;
const sweepMs = 30_000;
const patienceMs = 5_000;
/** The time of an id that is made now lies before this far in the future. */
const aheadMs = 2_000;

/** A row without content; its number comes from its lane. */
function emptyRow(conversationId: Types.ObjectId, _id: Types.ObjectId) {
  return {
    _id,
    conversationId,
    seq: 0,
    rev: 0,
    clientId: null,
    system: null,
    digest: '',
    text: '',
    words: [],
    replyTo: null,
    mentions: [],
    reactions: [],
    reactionsVersion: 0,
    revision: 0,
    revisions: [],
    createdAt: new Date(Math.max(Date.now(), _id.getTimestamp().getTime())),
    editedAt: null,
    deletedAt: null,
  };
}

function rowOf(draft: Draft, _id: Types.ObjectId): MessageRow {
  const { conversationId, senderId, clientId, digest, text, words, replyTo, mentions, unheard, isReadHidden } = draft;
  const { attachments } = draft;
  return {
    ...emptyRow(new Types.ObjectId(conversationId), _id),
    type: attachments.length > 0 ? 'media' : 'text',
    ...(attachments.length > 0 ? { attachments } : {}),
    senderId: new Types.ObjectId(senderId),
    clientId,
    digest,
    text,
    words,
    replyTo: replyTo === null ? null : new Types.ObjectId(replyTo),
    mentions: mentions.map((userId) => new Types.ObjectId(userId)),
    ...(unheard.length > 0 ? { unheard: unheard.map((userId) => new Types.ObjectId(userId)) } : {}),
    ...(isReadHidden ? { isReadHidden } : {}),
  };
}

/** The row of a system message: it counts for no badge. */
function systemRowOf({ conversationId, changeId, system }: SystemDraft, _id: Types.ObjectId): MessageRow {
  const senderId = system.actorId;
  return { ...emptyRow(conversationId, _id), type: 'system', senderId, changeId, system, uncounted: true };
}

/** The lanes and the writer of one kind of rows. */
interface Door<Row extends LogRow, Item extends Entry<Row>> {
  /** Puts a row in its lane; the promise is kept when it has landed. */
  enter(entry: Omit<Item, 'resolve' | 'reject' | 'deadline'>): Promise<Landed<Row>>;
  waiting(): number;
  oldest(): (Date | null)[];
  isBroken(): boolean;
  idle(): Promise<void>;
  passed(): Promise<void>;
}

type WriterDeps = Omit<Parameters<typeof createWriter>[0], 'kind' | 'lanes' | 'note'>;

function createDoor<Row extends LogRow, Item extends Entry<Row>>(
  kind: Kind<Row, Item>,
  note: (row: Row) => void,
  deps: WriterDeps,
): Door<Row, Item> {
  const lanes = createLanes<Row, Item>(kind);
  const writer = createWriter<Row, Item>({ ...deps, kind, lanes, note });
  return {
    enter: (entry) =>
      new Promise((resolve, reject) => {
        lanes.enter({ ...entry, resolve, reject, deadline: Date.now() + patienceMs } as Item);
        writer.wake();
      }),
    waiting: lanes.waiting,
    oldest: () => [lanes.oldest(), writer.oldest()],
    isBroken: writer.isBroken,
    idle: writer.idle,
    passed: writer.passed,
  };
}

/** The parts of a log, tied to each other. */
function createParts(deps: Deps) {
  const { messages, changes, conversations, members, checkpoints, reached, departures, isShared, onError } = deps;
  const projecting = { conversations, members, reached, onError };
  const projections = createProjections(projecting);
  const projectAll = (rows: readonly Projection[]): Promise<void> => project(projecting, rows);
  const sweep = createSweep({ messages, changes, conversations, checkpoints, project: projectAll });
  const writing: WriterDeps = {
    settle: projections.settle,
    isShared,
    replayOwn: () => sweep.replay(checkpoint.time()),
    onError,
  };
  const ofMessages = createDoor<MessageRow, MessageEntry>(
    messageKind(messages, { among: members.among, note: (id, userId) => departures.note(id, userId) }),
    (row) => projections.note(messageProjection(row), row._id),
    writing,
  );
  const ofChanges = createDoor<ChangeRow, Entry<ChangeRow>>(
    changeKind(changes),
    (row) => projections.note(changeProjection(row), row._id),
    writing,
  );
  const checkpoint = createCheckpoint({
    rows: checkpoints,
    unprojected: () => [...ofMessages.oldest(), ...ofChanges.oldest(), projections.oldest()],
    isInDoubt: () => ofMessages.isBroken() || ofChanges.isBroken(),
  });
  return { projections, sweep, ofMessages, ofChanges, checkpoint };
}

/** Builds the log of one process. */
export function createLog(deps: Deps): Log {
  const { projections, sweep, ofMessages, ofChanges, checkpoint } = createParts(deps);
  const ids = createIds();
  const recent = createRecent();
  const stops: (() => void)[] = [];

  return {
    noted: projections.noted,
    async flushed() {
      if (!(await projections.settle())) throw unavailable();
    },
    waiting: () => ofMessages.waiting() + ofChanges.waiting(),
    async append(draft, calls) {
      const key = `${draft.conversationId} ${draft.senderId} ${draft.clientId}`;
      const earlier = recent.find(key);
      if (earlier) {
        if (!calls.isSame(earlier.digest)) throw new Problem('client_id_reused');
        return { row: (await earlier.landing).row, isNew: false };
      }
      const landing = ofMessages.enter({ row: rowOf(draft, ids.next()), ...calls });
      recent.remember(key, { digest: draft.digest, landing });
      return landing;
    },
    async appendSystem(draft, announce) {
      const row = systemRowOf(draft, ids.next());
      const calls = { refusal: () => null, isSame: () => true, mayLeave: false, recheck: null, announce };
      return (await ofMessages.enter({ row, ...calls })).row;
    },
    change: (draft, calls) =>
      ofChanges.enter({
        row: { _id: ids.next(), ...draft, rev: 0, replacedAt: null },
        // Its content is written: nobody can refuse its number any more.
        refusal: () => null,
        ...calls,
      }),
    passed: () => ofMessages.passed(),
    async start(calls) {
      const newest = await sweep.atStart(calls);
      if (newest) {
        ids.raiseTo(newest);
        checkpoint.raiseTo(newest);
      }
      await checkpoint.write();
      // What a crash has cut off is finished before anybody asks, however young it is: to finish twice is harmless.
      await calls.finish(new Date(Date.now() + aheadMs));
      stops.push(repeat(checkpointMs, checkpoint.write, deps.onError));
      stops.push(repeat(sweepMs, () => sweep.now(checkpoint.id), deps.onError));
    },
    async stop() {
      for (const stop of stops) stop();
      await Promise.all([ofMessages.idle(), ofChanges.idle()]);
      await projections.stop();
      await checkpoint.write();
    },
  };
}
