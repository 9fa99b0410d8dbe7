import mongoose, { type Collection, type Connection } from 'mongoose';
import type { StoredSystem } from '../conversations/group-change.js';
import type { Id, Row } from '../ids.js';
import type { StoredSummary } from '../reactions/reaction-repository.js';
import type { StoredAttachment } from '../uploads/attachment-row.js';

/** A text that an edit has replaced. */
export interface Revision {
  text: string;
  /** When it was replaced. */
  editedAt: Date;
}

/** A change of the reactions to a message that has begun and not ended. */
export interface StoredReacting {
  changeId: Id;
  emoji: string;
}

export interface StoredMessage {
  /** Generated before the insert: it carries the time and distinguishes a repeated insert from a new one. */
  _id: Id;
  conversationId: Id;
  /** 1, 2, 3 ... without a gap in each conversation. */
  seq: number;
  /** The number of its last change, 0 if it never changed. */
  rev: number;
  /** The changes whose content is written and whose number is not recorded yet. */
  pending?: Id[];
  type: 'text' | 'media' | 'system';
  /** Null for a system message that no user has caused. */
  senderId: Id | null;
  clientId: string | null;
  /** The change that a system message reports: the message is unique, whichever process completes the change. */
  changeId?: Id;
  system: StoredSystem | null;
  /** A keyed digest of the content as first sent: it distinguishes a retry from another message under the same clientId. */
  digest: string;
  text: string;
  /** The words under which the text is found. */
  words: string[];
  /** In the order in which they were sent; absent if there are none. */
  attachments?: StoredAttachment[];
  replyTo: Id | null;
  mentions: Id[];
  /** The mentioned users who had blocked its sender when it was sent: it counts for none of their badges. */
  unheard?: Id[];
  /** Its sender hides their read position; absent otherwise. */
  isReadHidden?: true;
  /** A summary of its reactions, which are rows of their own. */
  reactions: StoredSummary[];
  /** The emoji that have a place on it: those of the summary, and those that are being added. */
  emojis?: string[];
  reacting?: StoredReacting[];
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

export type MessageRow = Row<StoredMessage>;
export type PendingReaction = Row<StoredReacting>;

const ref = mongoose.Schema.Types.ObjectId;
const id = { type: ref, required: true };
const optionalDate = { type: Date, default: null };

export const messageSchema = new mongoose.Schema<StoredMessage>(
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
messageSchema.index({ conversationId: 1, seq: 1 }, { unique: true });
messageSchema.index(
  { conversationId: 1, senderId: 1, clientId: 1 },
  { unique: true, partialFilterExpression: { clientId: { $type: 'string' } } },
);
messageSchema.index({ changeId: 1 }, { unique: true, partialFilterExpression: { changeId: { $type: 'objectId' } } });
messageSchema.index({ conversationId: 1, uncounted: 1, seq: 1 }, { partialFilterExpression: { uncounted: true } });
messageSchema.index(
  { mentions: 1, conversationId: 1, seq: 1 },
  { partialFilterExpression: { mentions: { $type: 'objectId' } } },
);
// The messages with a word in the order of time, which the ids carry.
messageSchema.index({ conversationId: 1, words: 1, _id: -1 });
messageSchema.index({ pending: 1 }, { partialFilterExpression: { pending: { $type: 'objectId' } } });
messageSchema.index(
  { 'reacting.changeId': 1 },
  { partialFilterExpression: { 'reacting.changeId': { $type: 'objectId' } } },
);

/** The collection itself, for the repositories of messages alone. */
export function messagesOf(connection: Connection): Collection<StoredMessage> {
  return connection.collection<StoredMessage>('messages');
}
