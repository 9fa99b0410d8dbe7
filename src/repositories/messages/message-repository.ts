import mongoose, { type Collection, type Connection, Types } from 'mongoose';
import { createLogRepository, type LogRepository } from '../log-repository.js';
import type { SystemContent } from '../conversations/group-change.js';
import type { Place, Stretch } from '../hidden/hidden-repository.js';
import type { ReactionSummary } from '../reactions/reaction-repository.js';
import type { AttachmentRow } from '../uploads/attachment-row.js';

/** A text that an edit has replaced. */
export interface Revision {
  text: string;
  /** When it was replaced. */
  editedAt: Date;
}

/** A change of the reactions to a message that has begun and not ended. */
export interface PendingReaction {
  changeId: Types.ObjectId;
  emoji: string;
}

export interface MessageRow {
  /** Generated before the insert: it carries the time and distinguishes a repeated insert from a new one. */
  _id: Types.ObjectId;
  conversationId: Types.ObjectId;
  /** 1, 2, 3 ... without a gap in each conversation. */
  seq: number;
  /** The number of its last change, 0 if it never changed. */
  rev: number;
  /** The changes whose content is written and whose number is not recorded yet. */
  pending?: Types.ObjectId[];
  type: 'text' | 'media' | 'system';
  /** Null for a system message that no user has caused. */
  senderId: Types.ObjectId | null;
  clientId: string | null;
  /** The change that a system message reports: the message is unique, whichever process completes the change. */
  changeId?: Types.ObjectId;
  system: SystemContent | null;
  /** A keyed digest of the content as first sent: it distinguishes a retry from another message under the same clientId. */
  digest: string;
  text: string;
  /** The words under which the text is found. */
  words: string[];
  /** In the order in which they were sent; absent if there are none. */
  attachments?: AttachmentRow[];
  replyTo: Types.ObjectId | null;
  mentions: Types.ObjectId[];
  /** The mentioned users who had blocked its sender when it was sent: it counts for none of their badges. */
  unheard?: Types.ObjectId[];
  /** Its sender hides their read position; absent otherwise. */
  isReadHidden?: true;
  /** A summary of its reactions, which are rows of their own. */
  reactions: ReactionSummary[];
  /** The emoji that have a place on it: those of the summary, and those that are being added. */
  emojis?: string[];
  reacting?: PendingReaction[];
  /** Counts the changes of the three fields above. */
  reactionsVersion: number;
  /** Counts the edits. */
  revision: number;
  /** The last 20 texts that edits have replaced, oldest first. */
  revisions: Revision[];
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  /** It counts for no badge; absent otherwise. */
  uncounted?: true;
}

const ref = mongoose.Schema.Types.ObjectId;
const id = { type: ref, required: true };
const optionalDate = { type: Date, default: null };

const schema = new mongoose.Schema<MessageRow>(
  {
    conversationId: id,
    seq: { type: Number, required: true },
    rev: { type: Number, required: true },
    pending: { type: [ref], default: undefined },
    type: { type: String, required: true },
    senderId: { type: ref, default: null },
    clientId: { type: String, default: null },
    changeId: { type: ref },
    system: { type: mongoose.Schema.Types.Mixed, default: null },
    digest: { type: String, default: '' },
    text: { type: String, default: '' },
    words: { type: [String], default: [] },
    attachments: { type: mongoose.Schema.Types.Mixed },
    replyTo: { type: ref, default: null },
    mentions: { type: [ref], default: [] },
    unheard: { type: [ref], default: undefined },
    isReadHidden: { type: Boolean },
    reactions: { type: mongoose.Schema.Types.Mixed, default: [] },
    emojis: { type: [String], default: undefined },
    reacting: { type: mongoose.Schema.Types.Mixed },
    reactionsVersion: { type: Number, default: 0 },
    revision: { type: Number, default: 0 },
    revisions: { type: [{ _id: false, text: String, editedAt: Date }], default: [] },
    createdAt: { type: Date, required: true },
    editedAt: optionalDate,
    deletedAt: optionalDate,
    uncounted: { type: Boolean },
  },
  { versionKey: false },
);
schema.index({ conversationId: 1, seq: 1 }, { unique: true });
schema.index(
  { conversationId: 1, senderId: 1, clientId: 1 },
  { unique: true, partialFilterExpression: { clientId: { $type: 'string' } } },
);
schema.index({ changeId: 1 }, { unique: true, partialFilterExpression: { changeId: { $type: 'objectId' } } });
schema.index({ conversationId: 1, uncounted: 1, seq: 1 }, { partialFilterExpression: { uncounted: true } });
schema.index(
  { mentions: 1, conversationId: 1, seq: 1 },
  { partialFilterExpression: { mentions: { $type: 'objectId' } } },
);
// The messages with a word in the order of time, which the ids carry.
schema.index({ conversationId: 1, words: 1, _id: -1 });
schema.index({ pending: 1 }, { partialFilterExpression: { pending: { $type: 'objectId' } } });
schema.index({ 'reacting.changeId': 1 }, { partialFilterExpression: { 'reacting.changeId': { $type: 'objectId' } } });

/** Identifies a message for its sender: a retry has the same key. */
export interface SendKey {
  conversationId: string;
  senderId: string;
  clientId: string;
}

/** Part of a conversation, in ascending order of `seq`. */
export interface MessageRange {
  /** Only above this number. */
  above: number;
  /** Only below this number; null for no bound. */
  below: number | null;
  limit: number;
  /** The end from which the limit counts. */
  nearest: 'above' | 'below';
}

export interface MentionPlace extends Place {
  senderId: Types.ObjectId | null;
}

/** Queries on stretches of many conversations at once. */
interface StretchReads {
  /** All messages in these stretches. */
  allWithin(stretches: readonly Stretch[]): Promise<MessageRow[]>;
  /** The messages in these stretches that count for no badge. */
  uncountedWithin(stretches: readonly Stretch[]): Promise<Place[]>;
  /** The messages in these stretches that mention a user, and their senders; without muted mentions. */
  mentionsWithin(userId: string, stretches: readonly Stretch[]): Promise<MentionPlace[]>;
}

/** Named queries on lean rows, each served by an index. */
export interface MessageRepository extends LogRepository<MessageRow>, StretchReads {
  lastSeq(conversationId: string): Promise<number>;
  byId(messageId: string): Promise<MessageRow | null>;
  byIds(messageIds: readonly string[]): Promise<MessageRow[]>;
  /** Messages, and the messages that they quote. */
  withQuoted(messageIds: readonly string[]): Promise<{ rows: MessageRow[]; quoted: MessageRow[] }>;
  bySendKey(key: SendKey): Promise<MessageRow | null>;
  /** The system message of a change. */
  byChangeId(changeId: Types.ObjectId): Promise<MessageRow | null>;
  range(conversationId: string, range: MessageRange): Promise<MessageRow[]>;
  /** The messages at these places, by one query. */
  atPlaces(places: readonly Place[]): Promise<MessageRow[]>;
  /** The newest message that counts for badges. */
  newestCounted(conversationId: Types.ObjectId): Promise<MessageRow | null>;
  /** Whether a user has ever written in a conversation. */
  hasWritten(conversationId: Types.ObjectId, userId: string): Promise<boolean>;
}

/** The collection itself, for the repositories of messages alone. */
export function messagesOf(connection: Connection): Collection<MessageRow> {
  return connection.collection<MessageRow>('messages');
}

/** The places of the messages that match one of these filters. */
async function placesOf(messages: Collection<MessageRow>, filters: readonly object[]): Promise<Place[]> {
  if (filters.length === 0) return [];
  const projection = { _id: 0, conversationId: 1, seq: 1 } as const;
  return messages.find({ $or: [...filters] }, { projection }).toArray() as Promise<Place[]>;
}

const within = ({ conversationId, above, upTo }: Stretch) => ({ conversationId, seq: { $gt: above, $lte: upTo } });

function createStretchReads(messages: Collection<MessageRow>): StretchReads {
  return {
    allWithin: async (stretches) =>
      stretches.length === 0 ? [] : messages.find({ $or: stretches.map(within) }).toArray(),
    uncountedWithin: (stretches) =>
      placesOf(
        messages,
        stretches.map((stretch) => ({ ...within(stretch), uncounted: true })),
      ),
    mentionsWithin(userId, stretches) {
      // The query has to repeat the condition of the partial index.
      const mentions = { $eq: new Types.ObjectId(userId), $type: 'objectId' as const };
      if (stretches.length === 0) return Promise.resolve([]);
      const notMuted = { $ne: new Types.ObjectId(userId) };
      const parts = stretches.map((stretch) => ({ mentions, ...within(stretch), unheard: notMuted }));
      const projection = { _id: 0, conversationId: 1, seq: 1, senderId: 1 } as const;
      return messages.find({ $or: parts }, { projection }).toArray() as Promise<MentionPlace[]>;
    },
  };
}

export function createMessageRepository(connection: Connection): MessageRepository {
  connection.model<MessageRow>('Message', schema, 'messages');
  const messages = messagesOf(connection);

  return {
    ...createLogRepository(messages),
    ...createStretchReads(messages),
    async lastSeq(conversationId) {
      const last = await messages.findOne(
        { conversationId: new Types.ObjectId(conversationId) },
        { sort: { seq: -1 }, projection: { seq: 1 } },
      );
      return last?.seq ?? 0;
    },
    byId: (messageId) => messages.findOne({ _id: new Types.ObjectId(messageId) }),
    byIds: (messageIds) =>
      messages
        .find({ _id: { $in: messageIds.map((one) => new Types.ObjectId(one)) } })
        .sort({ _id: 1 })
        .toArray(),
    async withQuoted(messageIds) {
      if (messageIds.length === 0) return { rows: [], quoted: [] };
      const _id = { $in: messageIds.map((one) => new Types.ObjectId(one)) };
      const lookup = { from: 'messages', localField: 'replyTo', foreignField: '_id', as: 'quoted' };
      const pipeline = [{ $match: { _id } }, { $lookup: lookup }];
      const found = await messages.aggregate<MessageRow & { quoted: MessageRow[] }>(pipeline).toArray();
      const rows = found.map(({ quoted: _quoted, ...row }) => row);
      return { rows, quoted: found.flatMap(({ quoted }) => quoted) };
    },
    bySendKey: ({ conversationId, senderId, clientId }) =>
      messages.findOne({
        conversationId: new Types.ObjectId(conversationId),
        senderId: new Types.ObjectId(senderId),
        // The query has to repeat the condition of the partial index.
        clientId: { $eq: clientId, $type: 'string' },
      }),
    newestCounted: (conversationId) =>
      messages.findOne({ conversationId, uncounted: { $exists: false } }, { sort: { seq: -1 } }),
    async hasWritten(conversationId, userId) {
      const key = { conversationId, senderId: new Types.ObjectId(userId), clientId: { $type: 'string' as const } };
      return (await messages.findOne(key, { projection: { _id: 1 } })) !== null;
    },
    byChangeId: (changeId) => messages.findOne({ changeId: { $eq: changeId, $type: 'objectId' } }),
    async range(conversationId, { above, below, limit, nearest }) {
      const seq = { $gt: above, ...(below === null ? {} : { $lt: below }) };
      const rows = await messages
        .find({ conversationId: new Types.ObjectId(conversationId), seq })
        .sort({ seq: nearest === 'above' ? 1 : -1 })
        .limit(limit)
        .toArray();
      return nearest === 'above' ? rows : rows.reverse();
    },
    async atPlaces(places) {
      if (places.length === 0) return [];
      const wanted = places.map(({ conversationId, seq }) => ({ conversationId, seq }));
      return messages.find({ $or: wanted }).toArray();
    },
  };
}
