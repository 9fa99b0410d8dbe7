import { type Id, type Row, toId, toIdOrNull, toIds, toRow } from '../ids.js';
import mongoose, { type Connection } from 'mongoose';
import type { Stretch } from '../hidden/hidden-repository.js';
import { createErasesConversation, type ErasesConversation } from '../erasing.js';
import { createBatch } from '../../kernel/batch.js';
import { groupBy } from '../../kernel/group-by.js';
import { createLogRepository, type LogRepository } from '../log-repository.js';

/** One numbered change of a conversation. It carries no content: readers read the message or the members as they are now. */
export interface StoredChangeRow {
  _id: Id;
  conversationId: Id;
  /** 1, 2, 3 ... without a gap in each conversation. */
  rev: number;
  /** The changed row holds it as `pending` until the change is numbered; unique. */
  changeId: Id;
  /** The message that changed; null for a change of the conversation itself. */
  messageId: Id | null;
  /** The users whose membership changed. */
  userIds: Id[];
  /** When a later change of the same message replaced this one; it is removed an hour later. */
  replacedAt: Date | null;
}

export type ChangeRow = Row<StoredChangeRow>;

const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const replacedForSeconds = 3600;

const schema = new mongoose.Schema<StoredChangeRow>(
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
export type ChangeSummary = Pick<ChangeRow, 'conversationId' | 'rev' | 'messageId' | 'userIds'>;

/** Named queries on lean rows, each served by an index. */
export interface ChangeRepository extends LogRepository<ChangeRow>, ErasesConversation {
  lastRev(conversationId: string): Promise<number>;
  byIds(ids: readonly string[]): Promise<ChangeRow[]>;
  byChangeIds(changeIds: readonly string[]): Promise<ChangeRow[]>;
  /** What changed in some conversations, above one rev and up to another. */
  within(parts: readonly Stretch[]): Promise<ChangeSummary[]>;
  /** Marks a change as replaced by a later one of the same message. */
  replace(conversationId: string, rev: number): Promise<void>;
}

function storedChange({ _id, conversationId, changeId, messageId, userIds, ...rest }: ChangeRow): StoredChangeRow {
  return {
    _id: toId(_id),
    conversationId: toId(conversationId),
    ...rest,
    changeId: toId(changeId),
    messageId: toIdOrNull(messageId),
    userIds: toIds(userIds),
  };
}

export function createChangeRepository(connection: Connection): ChangeRepository {
  connection.model<StoredChangeRow>('Change', schema, 'changes');
  const changes = connection.collection<StoredChangeRow>('changes');
  const readChanged = createBatch<readonly Stretch[], ChangeSummary[]>(async (calls) => {
    const parts = calls.flat().map(({ conversationId, above, upTo }) => ({
      conversationId: toId(conversationId),
      rev: { $gt: above, $lte: upTo },
    }));
    const projection = { _id: 0, conversationId: 1, rev: 1, messageId: 1, userIds: 1 } as const;
    const found = (await changes.find({ $or: parts }, { projection }).map(toRow).toArray()) as ChangeSummary[];
    const rows = groupBy(found, ({ conversationId }) => conversationId);
    return calls.map((stretches) =>
      stretches.flatMap(({ conversationId, above, upTo }) =>
        (rows.get(conversationId) ?? []).filter(({ rev }) => rev > above && rev <= upTo),
      ),
    );
  });

  return {
    ...createLogRepository(changes, storedChange),
    ...createErasesConversation(changes),
    async lastRev(conversationId) {
      const last = await changes.findOne(
        { conversationId: toId(conversationId) },
        { sort: { rev: -1 }, projection: { rev: 1 } },
      );
      return last?.rev ?? 0;
    },
    byIds: (ids) =>
      changes
        .find({ _id: { $in: toIds(ids) } })
        .sort({ _id: 1 })
        .map(toRow)
        .toArray(),
    byChangeIds: (changeIds) =>
      changes
        .find({ changeId: { $in: toIds(changeIds) } })
        .sort({ changeId: 1 })
        .map(toRow)
        .toArray(),
    async within(parts) {
      return parts.length === 0 ? [] : readChanged(parts);
    },
    async replace(conversationId, rev) {
      const filter = { conversationId: toId(conversationId), rev, replacedAt: null };
      await changes.updateOne(filter, { $set: { replacedAt: new Date() } });
    },
  };
}
