import mongoose, { type Connection, Types } from 'mongoose';
import type { Stretch } from '../hidden/hidden-repository.js';
import { createLogRepository, type LogRepository, type LogRow } from '../log-repository.js';

/** One numbered change of a conversation. It carries no content: readers read the message or the members as they are now. */
export interface ChangeRow extends LogRow {
  /** 1, 2, 3 ... without a gap in each conversation. */
  rev: number;
  /** The changed row holds it as `pending` until the change is numbered; unique. */
  changeId: Types.ObjectId;
  /** The message that changed; null for a change of the conversation itself. */
  messageId: Types.ObjectId | null;
  /** The users whose membership changed. */
  userIds: Types.ObjectId[];
  /** When a later change of the same message replaced this one; it is removed an hour later. */
  replacedAt: Date | null;
}

const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const replacedForSeconds = 3600;

const schema = new mongoose.Schema<ChangeRow>(
  {
    conversationId: id,
    rev: { type: Number, required: true },
    changeId: id,
    messageId: { type: mongoose.Schema.Types.ObjectId, default: null },
    userIds: { type: [mongoose.Schema.Types.ObjectId], default: [] },
    replacedAt: { type: Date, default: null },
  },
  { versionKey: false },
);
schema.index({ conversationId: 1, rev: 1 }, { unique: true });
schema.index({ changeId: 1 }, { unique: true });
schema.index({ replacedAt: 1 }, { expireAfterSeconds: replacedForSeconds });

/** What one change is about. */
export type Changed = Pick<ChangeRow, 'conversationId' | 'messageId' | 'userIds'>;

/** Named queries on lean rows, each served by an index. */
export interface ChangeRepository extends LogRepository<ChangeRow> {
  lastRev(conversationId: string): Promise<number>;
  byIds(ids: readonly Types.ObjectId[]): Promise<ChangeRow[]>;
  byChangeIds(changeIds: readonly Types.ObjectId[]): Promise<ChangeRow[]>;
  /** What changed in some conversations, above one rev and up to another. */
  within(parts: readonly Stretch[]): Promise<Changed[]>;
  /** Marks a change as replaced by a later one of the same message. */
  replace(conversationId: Types.ObjectId, rev: number): Promise<void>;
}

export function createChangeRepository(connection: Connection): ChangeRepository {
  connection.model<ChangeRow>('Change', schema, 'changes');
  const changes = connection.collection<ChangeRow>('changes');
  return {
    ...createLogRepository(changes),
    async lastRev(conversationId) {
      const last = await changes.findOne(
        { conversationId: new Types.ObjectId(conversationId) },
        { sort: { rev: -1 }, projection: { rev: 1 } },
      );
      return last?.rev ?? 0;
    },
    byIds: (ids) =>
      changes
        .find({ _id: { $in: [...ids] } })
        .sort({ _id: 1 })
        .toArray(),
    byChangeIds: (changeIds) =>
      changes
        .find({ changeId: { $in: [...changeIds] } })
        .sort({ changeId: 1 })
        .toArray(),
    async within(parts) {
      if (parts.length === 0) return [];
      const wanted = parts.map(({ conversationId, above, upTo }) => ({
        conversationId,
        rev: { $gt: above, $lte: upTo },
      }));
      const projection = { _id: 0, conversationId: 1, messageId: 1, userIds: 1 } as const;
      return changes.find({ $or: wanted }, { projection }).toArray() as Promise<Changed[]>;
    },
    async replace(conversationId, rev) {
      await changes.updateOne({ conversationId, rev, replacedAt: null }, { $set: { replacedAt: new Date() } });
    },
  };
}
