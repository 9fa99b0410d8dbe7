import mongoose, { type Connection, Types } from 'mongoose';
import type { SessionEndReason } from '../../domain-events.js';

/** One device of one person. */
export interface SessionRow {
  _id: Types.ObjectId;
  userId: Types.ObjectId;
  deviceName: string | null;
  platform: string | null;
  ip: string | null;
  /** How often the refresh token has been rotated: the number of the one that is good now. */
  counter: number;
  /** The name of the key that made it. */
  keyId: string;
  refreshHash: string;
  /** The hash of its predecessor, good for a moment more after `rotatedAt` to whoever lost the answer. */
  previousHash: string | null;
  rotatedAt: Date | null;
  refreshExpiresAt: Date;
  /** When the session is over unless it is refreshed; never later than `endsAt`. */
  expiresAt: Date;
  /** When it is over in any case. */
  endsAt: Date;
  createdAt: Date;
  lastUsedAt: Date;
  endedAt: Date | null;
  endReason: SessionEndReason | null;
  /** From then on nobody needs the row any more. */
  purgeAt: Date;
}

/** What a rotation writes. */
export type Rotation = Pick<
  SessionRow,
  'counter' | 'keyId' | 'refreshHash' | 'rotatedAt' | 'refreshExpiresAt' | 'expiresAt' | 'lastUsedAt' | 'purgeAt' | 'ip'
>;

const date = { type: Date, required: true };
const dateOrNull = { type: Date, default: null };
const textOrNull = { type: String, default: null };

const { trusted } = mongoose;

const schema = new mongoose.Schema<SessionRow>(
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

/** What is known of a session before it has its first refresh token. */
export type SessionDraft = Pick<
  SessionRow,
  'deviceName' | 'platform' | 'ip' | 'createdAt' | 'endsAt' | 'refreshExpiresAt' | 'expiresAt' | 'purgeAt'
> & { userId: string };

/** The rows of sessions: named queries on lean rows, each served by an index. */
export interface SessionRepository {
  /** Gives a row its id, from which its tokens follow. */
  draft(draft: SessionDraft): Omit<SessionRow, 'counter' | 'keyId' | 'refreshHash'>;
  insert(row: SessionRow): Promise<void>;
  byId(sessionId: string): Promise<SessionRow | null>;
  byIds(sessionIds: readonly string[]): Promise<SessionRow[]>;
  /** The living sessions of a person, the latest used first. */
  living(userId: string, at: Date): Promise<SessionRow[]>;
  /** Puts the successor in the place of token number `counter`: of many at once, one gets the row. */
  rotate(
    sessionId: string,
    current: { counter: number; hash: string; at: Date },
    next: Rotation,
  ): Promise<SessionRow | null>;
  recordUse(sessionId: string, at: Date): Promise<void>;
  /** Ends a living session; true if it was this call that did. */
  end(
    sessionId: string,
    userId: string,
    ending: { at: Date; reason: SessionEndReason; purgeAt: Date },
  ): Promise<boolean>;
  purge(before: Date): Promise<void>;
}

/** Gives the rows of sessions on one connection. */
export function createSessionRepository(connection: Connection): SessionRepository {
  const Sessions = connection.model<SessionRow>('Session', schema, 'sessions');

  return {
    draft: (draft) => ({
      ...draft,
      _id: new Types.ObjectId(),
      userId: new Types.ObjectId(draft.userId),
      previousHash: null,
      rotatedAt: null,
      lastUsedAt: draft.createdAt,
      endedAt: null,
      endReason: null,
    }),
    async insert(row) {
      await Sessions.create(row);
    },
    byId: (sessionId) => Sessions.findOne({ _id: new Types.ObjectId(sessionId) }).lean(),
    byIds: (sessionIds) =>
      Sessions.find({ _id: trusted({ $in: sessionIds.map((id) => new Types.ObjectId(id)) }) })
        .sort({ _id: 1 })
        .lean(),
    living: (userId, at) =>
      Sessions.find({ userId: new Types.ObjectId(userId), endedAt: null, expiresAt: trusted({ $gt: at }) })
        .sort({ lastUsedAt: -1, _id: -1 })
        .lean(),
    rotate: (sessionId, { counter, hash, at }, next) =>
      Sessions.findOneAndUpdate(
        {
          _id: new Types.ObjectId(sessionId),
          counter,
          refreshHash: hash,
          endedAt: null,
          refreshExpiresAt: trusted({ $gt: at }),
        },
        { $set: { ...next, previousHash: hash } },
        { returnDocument: 'after' },
      ).lean(),
    async recordUse(sessionId, at) {
      await Sessions.updateOne({ _id: new Types.ObjectId(sessionId), endedAt: null }, { $max: { lastUsedAt: at } });
    },
    async end(sessionId, userId, { at, reason, purgeAt }) {
      const result = await Sessions.updateOne(
        {
          _id: new Types.ObjectId(sessionId),
          userId: new Types.ObjectId(userId),
          endedAt: null,
          expiresAt: trusted({ $gt: at }),
        },
        { $set: { endedAt: at, endReason: reason, purgeAt } },
      );
      return result.modifiedCount === 1;
    },
    async purge(before) {
      await Sessions.deleteMany({ purgeAt: trusted({ $lt: before }) });
    },
  };
}
