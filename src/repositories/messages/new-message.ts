import { wordsOf } from '../../kernel/words.js';
import type { AttachmentRow } from '../uploads/attachment-row.js';
import type { MessageRow } from './message-repository.js';
import type { SystemContent } from '../conversations/group-change.js';
import { Types } from 'mongoose';

/** A message before it has its number. */
export interface Draft {
  conversationId: string;
  senderId: string;
  clientId: string;
  digest: string;
  text: string;
  attachments: AttachmentRow[];
  replyTo: string | null;
  mentions: readonly string[];
  mutedMentions: readonly string[];
  isReadHidden: boolean;
}

/** A system message before it has its number. */
export type SystemDraft = Required<Pick<MessageRow, 'conversationId' | 'changeId'>> & { system: SystemContent };

/** A row without content; its number comes from the queue of its conversation. */
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

export function rowOf(draft: Draft, _id: Types.ObjectId): MessageRow {
  const { conversationId, senderId, clientId, digest, text, attachments, replyTo } = draft;
  const { mentions, mutedMentions, isReadHidden } = draft;
  return {
    ...emptyRow(new Types.ObjectId(conversationId), _id),
    type: attachments.length > 0 ? 'media' : 'text',
    ...(attachments.length > 0 ? { attachments } : {}),
    senderId: new Types.ObjectId(senderId),
    clientId,
    digest,
    text,
    words: wordsOf(text),
    replyTo: replyTo === null ? null : new Types.ObjectId(replyTo),
    mentions: mentions.map((userId) => new Types.ObjectId(userId)),
    ...(mutedMentions.length > 0 ? { unheard: mutedMentions.map((userId) => new Types.ObjectId(userId)) } : {}),
    ...(isReadHidden ? { isReadHidden } : {}),
  };
}

/** The row of a system message: it counts for no badge. */
export function systemRowOf({ conversationId, changeId, system }: SystemDraft, _id: Types.ObjectId): MessageRow {
  const senderId = system.actorId;
  return { ...emptyRow(conversationId, _id), type: 'system', senderId, changeId, system, uncounted: true };
}
