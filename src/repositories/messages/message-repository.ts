import mongoose, { type Collection, type Connection, Types } from 'mongoose';
import { createLogRepository, type LogRepository } from '../log-repository.js';
import type { SystemContent } from '../conversations/group-change.js';
import type { Place, Stretch } from '../hidden/hidden-repository.js';
import type { AttachmentRow } from '../uploads/attachment-row.js';
import { majority } from '../concerns.js';

/** A text that an edit has replaced. */
export interface Revision {
  text: string;
  /** When it was replaced. */
  editedAt: Date;
}

/** What is shown of one emoji on a message. */
export interface ReactionSummary {
  emoji: string;
  count: number;
  /** The first 50 who reacted, oldest first. */
  userIds: Types.ObjectId[];
  /** The first reaction, which the order goes by. */
  since: Types.ObjectId;
}

export interface MessageRow {
  /** Made by the server before the insert, so that it carries the time and tells a repeated insert from a new one. */
  _id: Types.ObjectId;
  conversationId: Types.ObjectId;
  /** 1, 2, 3 ... without a gap in each conversation. */
  seq: number;
  /** The number of its last change, 0 if it never changed. */
  rev: number;
  /** The changes whose content is written and whose number is not told yet. */
  pending?: Types.ObjectId[];
  type: 'text' | 'media' | 'system';
  /** Null for a system message that nobody has caused. */
  senderId: Types.ObjectId | null;
  clientId: string | null;
  /** The change that a system message tells of: it has one message, whoever finishes it. */
  changeId?: Types.ObjectId;
  system: SystemContent | null;
  /** A keyed digest of the content as first sent, which tells a retry from another message under the same clientId. */
  digest: string;
  text: string;
  /** The words under which the text is found. */
  words: string[];
  /** What it carries, in its order: there only where it carries something. */
  attachments?: AttachmentRow[];
  replyTo: Types.ObjectId | null;
  mentions: Types.ObjectId[];
  /** Who of the mentioned had blocked its sender when it was sent: it counts for no badge of theirs. */
  unheard?: Types.ObjectId[];
  /** Its sender hides what he reads: there only where it is so. */
  isReadHidden?: true;
  /** What its reactions come to, which are rows of their own. */
  reactions: ReactionSummary[];
  /** The emoji that have a place on it: those above, and those that are being added. */
  emojis?: string[];
  /** The changes of its reactions that are under way. */
  reacting?: { changeId: Types.ObjectId; emoji: string }[];
  /** Counts what changes the three above. */
  reactionsVersion: number;
  /** Counts the edits. */
  revision: number;
  /** The last texts that edits have replaced, oldest first. */
  revisions: Revision[];
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  /** It counts for no badge: there only where it is so. */
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
// What holds a word, in the order of time: the ids carry it.
schema.index({ conversationId: 1, words: 1, _id: -1 });
schema.index({ pending: 1 }, { partialFilterExpression: { pending: { $type: 'objectId' } } });
schema.index({ 'reacting.changeId': 1 }, { partialFilterExpression: { 'reacting.changeId': { $type: 'objectId' } } });

/** What identifies a send for its sender. */
export interface SendKey {
  conversationId: string;
  senderId: string;
  clientId: string;
}

/** Part of a conversation, in ascending order of `seq`. */
export interface Range {
  /** Only above this number. */
  above: number;
  /** Only below this number; null for no bound. */
  below: number | null;
  limit: number;
  /** From which end the limit counts. */
  nearest: 'above' | 'below';
}

/** The rows of messages: named queries on lean rows, each served by an index, read by majority. */
export interface MessageRepository extends LogRepository<MessageRow> {
  lastSeq(conversationId: string): Promise<number>;
  byId(messageId: string): Promise<MessageRow | null>;
  byIds(messageIds: readonly string[]): Promise<MessageRow[]>;
  /** Messages, and what they quote. */
  withQuoted(messageIds: readonly string[]): Promise<{ rows: MessageRow[]; quoted: MessageRow[] }>;
  bySendKey(key: SendKey): Promise<MessageRow | null>;
  /** The system message of a change. */
  byChangeId(changeId: Types.ObjectId): Promise<MessageRow | null>;
  range(conversationId: string, range: Range): Promise<MessageRow[]>;
  /** The rows of these places: one query for the last messages of a page of conversations. */
  atPlaces(places: readonly Place[]): Promise<MessageRow[]>;
  /** Everything in these stretches. */
  allWithin(stretches: readonly Stretch[]): Promise<MessageRow[]>;
  /** What counts for no badge in these stretches. */
  uncountedWithin(stretches: readonly Stretch[]): Promise<Place[]>;
  /** What mentions somebody in these stretches, and who wrote it. */
  mentionsWithin(userId: string, stretches: readonly Stretch[]): Promise<MentionPlace[]>;
  /** The newest message that counts as unread for whoever has not read it. */
  newestCounted(conversationId: Types.ObjectId): Promise<MessageRow | null>;
  /** Whether somebody has ever written in a conversation. */
  hasWritten(conversationId: Types.ObjectId, userId: string): Promise<boolean>;
}

/** Where somebody is mentioned. */
export interface MentionPlace extends Place {
  senderId: Types.ObjectId | null;
}

export type Messages = Collection<MessageRow>;

/** The collection itself, for the models of messages alone. */
export function messagesOf(connection: Connection): Messages {
  return connection.collection<MessageRow>('messages');
}

/** The places of what fits one of these parts. */
async function placesOf(messages: Messages, parts: readonly object[]): Promise<Place[]> {
  if (parts.length === 0) return [];
  const projection = { _id: 0, conversationId: 1, seq: 1 } as const;
  return messages.find({ $or: [...parts] }, { projection, ...majority }).toArray() as Promise<Place[]>;
}

const within = ({ conversationId, above, upTo }: Stretch) => ({ conversationId, seq: { $gt: above, $lte: upTo } });

type MessageFinds = Pick<MessageRepository, 'allWithin' | 'uncountedWithin' | 'mentionsWithin'>;

function findsOf(messages: Messages): MessageFinds {
  return {
    allWithin: async (stretches) =>
      stretches.length === 0 ? [] : messages.find({ $or: stretches.map(within) }, majority).toArray(),
    uncountedWithin: (stretches) =>
      placesOf(
        messages,
        stretches.map((stretch) => ({ ...within(stretch), uncounted: true })),
      ),
    mentionsWithin(userId, stretches) {
      // The type is that of the partial index, which a query has to name.
      const mentions = { $eq: new Types.ObjectId(userId), $type: 'objectId' as const };
      if (stretches.length === 0) return Promise.resolve([]);
      const notMuted = { $ne: new Types.ObjectId(userId) };
      const parts = stretches.map((stretch) => ({ mentions, ...within(stretch), unheard: notMuted }));
      const projection = { _id: 0, conversationId: 1, seq: 1, senderId: 1 } as const;
      return messages.find({ $or: parts }, { projection, ...majority }).toArray() as Promise<MentionPlace[]>;
    },
  };
}

/** Gives the rows of messages on one connection. */
export function createMessageRepository(connection: Connection): MessageRepository {
  connection.model<MessageRow>('Message', schema, 'messages');
  const messages = messagesOf(connection);

  return {
    ...createLogRepository(messages),
    ...findsOf(messages),
    async lastSeq(conversationId) {
      const last = await messages.findOne(
        { conversationId: new Types.ObjectId(conversationId) },
        { sort: { seq: -1 }, projection: { seq: 1 }, ...majority },
      );
      return last?.seq ?? 0;
    },
    byId: (messageId) => messages.findOne({ _id: new Types.ObjectId(messageId) }, majority),
    byIds: (messageIds) =>
      messages
        .find({ _id: { $in: messageIds.map((one) => new Types.ObjectId(one)) } }, majority)
        .sort({ _id: 1 })
        .toArray(),
    async withQuoted(messageIds) {
      if (messageIds.length === 0) return { rows: [], quoted: [] };
      const _id = { $in: messageIds.map((one) => new Types.ObjectId(one)) };
      const lookup = { from: 'messages', localField: 'replyTo', foreignField: '_id', as: 'quoted' };
      const pipeline = [{ $match: { _id } }, { $lookup: lookup }];
      const found = await messages.aggregate<MessageRow & { quoted: MessageRow[] }>(pipeline, majority).toArray();
      const rows = found.map(({ quoted: _quoted, ...row }) => row);
      return { rows, quoted: found.flatMap(({ quoted }) => quoted) };
    },
    bySendKey: ({ conversationId, senderId, clientId }) =>
      messages.findOne(
        {
          conversationId: new Types.ObjectId(conversationId),
          senderId: new Types.ObjectId(senderId),
          // The type is that of the partial index, which a query has to name.
          clientId: { $eq: clientId, $type: 'string' },
        },
        majority,
      ),
    newestCounted: (conversationId) =>
      messages.findOne({ conversationId, uncounted: { $exists: false } }, { sort: { seq: -1 }, ...majority }),
    async hasWritten(conversationId, userId) {
      const key = { conversationId, senderId: new Types.ObjectId(userId), clientId: { $type: 'string' as const } };
      return (await messages.findOne(key, { projection: { _id: 1 }, ...majority })) !== null;
    },
    byChangeId: (changeId) => messages.findOne({ changeId: { $eq: changeId, $type: 'objectId' } }, majority),
    async range(conversationId, { above, below, limit, nearest }) {
      const seq = { $gt: above, ...(below === null ? {} : { $lt: below }) };
      const rows = await messages
        .find({ conversationId: new Types.ObjectId(conversationId), seq }, majority)
        .sort({ seq: nearest === 'above' ? 1 : -1 })
        .limit(limit)
        .toArray();
      return nearest === 'above' ? rows : rows.reverse();
    },
    async atPlaces(places) {
      if (places.length === 0) return [];
      const wanted = places.map(({ conversationId, seq }) => ({ conversationId, seq }));
      return messages.find({ $or: wanted }, majority).toArray();
    },
  };
}
