import mongoose, { type Connection } from 'mongoose';
import type { SessionEndReason } from '../../domain-events.js';
import { eraseRows, type ErasesUser } from '../erasing.js';
import { type Id, newId, type Row, toId, toIds, toRow } from '../ids.js';
import { createReadById } from '../read-by-id.js';

/** A session: one device of one user. */
export interface StoredSession {
  _id: Id;
  userId: Id;
  deviceName: string | null;
  platform: string | null;
  ip: string | null;
  /** The number of the current refresh token: how often it has been rotated. */
  counter: number;
  /** The id of the key that made the refresh token. */
  keyId: string;
  refreshHash: string;
  /** The hash of the previous token, accepted for a short time after `rotatedAt` in case the response was lost. */
  previousHash: string | null;
  rotatedAt: Date | null;
  refreshExpiresAt: Date;
  /** When the session ends unless it is refreshed; never later than `endsAt`. */
  expiresAt: Date;
  /** When it ends in any case. */
  endsAt: Date;
  createdAt: Date;
  lastUsedAt: Date;
  endedAt: Date | null;
  endReason: SessionEndReason | null;
  /** From then on the row is not needed. */
  purgeAt: Date;
}

export type SessionRow = Row<StoredSession>;

/** The fields that a rotation writes. */
export type Rotation = Pick<
  SessionRow,
  'counter' | 'keyId' | 'refreshHash' | 'rotatedAt' | 'refreshExpiresAt' | 'expiresAt' | 'lastUsedAt' | 'purgeAt' | 'ip'
>;

const date = { type: Date, required: true };
const dateOrNull = { type: Date, default: null };
const textOrNull = { type: String, default: null };

const schema = new mongoose.Schema<StoredSession>(
  {
    userId: { type: mongoose.Schema.Types.ObjectId, required: true },
    deviceName: textOrNull,
    platform: textOrNull,
    ip: textOrNull,
    counter: { type: Number, required: true },
    keyId: { type: String, required: true },
    refreshHash: { type: String, required: true },
    previousHash: textOrNull,
    rotatedAt: dateOrNull,
    refreshExpiresAt: date,
    expiresAt: date,
    endsAt: date,
    createdAt: date,
    lastUsedAt: date,
    endedAt: dateOrNull,
    endReason: textOrNull,
    purgeAt: date,
  },
  { versionKey: false },
);
schema.index({ userId: 1, endedAt: 1, lastUsedAt: -1, _id: -1 });
schema.index({ purgeAt: 1 });

/** A session before it has its first refresh token. */
export type SessionDraft = Pick<
  SessionRow,
  'deviceName' | 'platform' | 'ip' | 'createdAt' | 'endsAt' | 'refreshExpiresAt' | 'expiresAt' | 'purgeAt'
> & { userId: string };

/** Sessions: named queries, each served by an index. */
export interface SessionRepository extends ErasesUser {
  /** Assigns a session its id, from which its tokens are derived. */
  draft(draft: SessionDraft): Omit<SessionRow, 'counter' | 'keyId' | 'refreshHash'>;
  insert(row: SessionRow): Promise<void>;
  byId(sessionId: string): Promise<SessionRow | null>;
  byIds(sessionIds: readonly string[]): Promise<SessionRow[]>;
  /** The live sessions of a user, the most recently used first. */
  living(userId: string, at: Date): Promise<SessionRow[]>;
  /** Replaces token number `counter` by its successor: of several concurrent calls, one gets the row. */
  rotate(
    sessionId: string,
    current: { counter: number; hash: string; at: Date },
    next: Rotation,
  ): Promise<SessionRow | null>;
  recordUse(sessionId: string, at: Date): Promise<void>;
  /** Ends a live session; true if this call did. */
  end(
    sessionId: string,
    userId: string,
    ending: { at: Date; reason: SessionEndReason; purgeAt: Date },
  ): Promise<boolean>;
  purge(before: Date): Promise<void>;
}

export function createSessionRepository(connection: Connection): SessionRepository {
  connection.model<StoredSession>('Session', schema, 'sessions');
  const sessions = connection.collection<StoredSession>('sessions');

  return {
    draft: (draft) => ({
      ...draft,
      _id: newId(),
      previousHash: null,
      rotatedAt: null,
      lastUsedAt: draft.createdAt,
      endedAt: null,
      endReason: null,
    }),
    async insert(row) {
      await sessions.insertOne({ ...row, _id: toId(row._id), userId: toId(row.userId) });
    },
    byId: createReadById(sessions),
    byIds: (ids) =>
      sessions
        .find({ _id: { $in: toIds(ids) } })
        .sort({ _id: 1 })
        .map(toRow)
        .toArray(),
    living: (userId, at) =>
      sessions
        .find({ userId: toId(userId), endedAt: null, expiresAt: { $gt: at } })
        .sort({ lastUsedAt: -1, _id: -1 })
        .map(toRow)
        .toArray(),
    async rotate(sessionId, { counter, hash, at }, next) {
      const current = { counter, refreshHash: hash, endedAt: null, refreshExpiresAt: { $gt: at } };
      const rotated = await sessions.findOneAndUpdate(
        { _id: toId(sessionId), ...current },
        { $set: { ...next, previousHash: hash } },
        { returnDocument: 'after' },
      );
      return toRow(rotated);
    },
    async recordUse(sessionId, at) {
      await sessions.updateOne({ _id: toId(sessionId), endedAt: null }, { $max: { lastUsedAt: at } });
    },
    async end(sessionId, userId, { at, reason, purgeAt }) {
      const live = { _id: toId(sessionId), userId: toId(userId), endedAt: null, expiresAt: { $gt: at } };
      const result = await sessions.updateOne(live, { $set: { endedAt: at, endReason: reason, purgeAt } });
      return result.modifiedCount === 1;
    },
    eraseUser: (userId) => eraseRows(sessions, { userId: toId(userId) }),
    async purge(before) {
      await sessions.deleteMany({ purgeAt: { $lt: before } });
    },
  };
}
