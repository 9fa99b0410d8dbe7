import { timeOf, toId, toIdOrNull, toIds } from '../ids.js';
import { storedSummary } from '../reactions/reaction-repository.js';
import { wordsOf } from '../../kernel/words.js';
import type { AttachmentRow } from '../uploads/attachment-row.js';
import type { MessageRow, StoredMessage } from './message-row.js';
import { storedSystem, type SystemContent } from '../conversations/group-change.js';

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
function emptyRow(conversationId: string, _id: string) {
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
    createdAt: new Date(Math.max(Date.now(), timeOf(_id).getTime())),
    editedAt: null,
    deletedAt: null,
  };
}

export function rowOf(draft: Draft, _id: string): MessageRow {
  const { conversationId, senderId, clientId, digest, text, attachments, replyTo } = draft;
  const { mentions, mutedMentions, isReadHidden } = draft;
  return {
    ...emptyRow(conversationId, _id),
    type: attachments.length > 0 ? 'media' : 'text',
    ...(attachments.length > 0 ? { attachments } : {}),
    senderId,
    clientId,
    digest,
    text,
    words: wordsOf(text),
    replyTo,
    mentions: [...mentions],
    ...(mutedMentions.length > 0 ? { unheard: [...mutedMentions] } : {}),
    ...(isReadHidden ? { isReadHidden } : {}),
  };
}

/** The row of a system message: it counts for no badge. */
export function systemRowOf({ conversationId, changeId, system }: SystemDraft, _id: string): MessageRow {
  const senderId = system.actorId;
  return { ...emptyRow(conversationId, _id), type: 'system', senderId, changeId, system, uncounted: true };
}

export function storedMessage(row: MessageRow): StoredMessage {
  const { pending, changeId, attachments, unheard: mutedMentions, reacting, ...rest } = row;
  return {
    ...rest,
    _id: toId(row._id),
    conversationId: toId(row.conversationId),
    senderId: toIdOrNull(row.senderId),
    system: row.system && storedSystem(row.system),
    replyTo: toIdOrNull(row.replyTo),
    mentions: toIds(row.mentions),
    reactions: row.reactions.map(storedSummary),
    ...(pending && { pending: toIds(pending) }),
    ...(changeId && { changeId: toId(changeId) }),
    ...(attachments && { attachments: attachments.map((one) => ({ ...one, _id: toId(one._id) })) }),
    ...(mutedMentions && { unheard: toIds(mutedMentions) }),
    ...(reacting && { reacting: reacting.map((one) => ({ ...one, changeId: toId(one.changeId) })) }),
  };
}
