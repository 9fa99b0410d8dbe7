import { z } from 'zod';
import { objectId, time } from './input.js';
import { Contact } from './contacts.js';
import { Conversation } from './conversations.js';
import { Attachment, Upload } from './media.js';
import { Notification } from './notifications.js';
import { Session } from './sessions.js';
import { Me, UserRef } from './users.js';

export const DeleteAccount = z
  .strictObject({
    password: z.string().max(1000),
    dryRun: z.boolean().default(false).describe('Tells what would go, and does nothing'),
  })
  .meta({ id: 'DeleteAccount' });
export type DeleteAccount = z.output<typeof DeleteAccount>;

export const ErasurePlanned = z
  .strictObject({ erasureAt: time.describe('Whoever logs in before keeps the account') })
  .meta({ id: 'ErasurePlanned' });

export const ErasurePreview = z
  .strictObject({
    messages: z.int().describe('Text and media; they stay under "Deleted account"'),
    uploads: z.int(),
    contacts: z.int(),
    notifications: z.int(),
    groupsPassedOn: z.array(z.strictObject({ conversationId: objectId, userId: objectId })),
    groupsErased: z.array(objectId),
  })
  .meta({ id: 'ErasurePreview' });
export type ErasurePreview = z.infer<typeof ErasurePreview>;

const OwnMessage = z
  .strictObject({
    id: objectId,
    conversationId: objectId,
    seq: z.int(),
    clientId: z.string().nullable(),
    type: z.enum(['text', 'media']),
    text: z.string(),
    attachments: z.array(Attachment),
    replyTo: objectId.nullable(),
    mentions: z.array(objectId),
    revisions: z.array(z.strictObject({ text: z.string(), editedAt: time })),
    createdAt: time,
    editedAt: time.nullable(),
    deletedAt: time.nullable(),
  })
  .meta({ id: 'OwnMessage' });
export type OwnMessage = z.infer<typeof OwnMessage>;

const OwnReaction = z
  .strictObject({ messageId: objectId, emoji: z.string(), createdAt: time })
  .meta({ id: 'OwnReaction' });

export const AccountExport = z
  .strictObject({
    exportedAt: time,
    me: Me,
    sessions: z.array(Session),
    contacts: z.array(Contact),
    blocked: z.array(UserRef),
    conversations: z.array(Conversation),
    messages: z.array(OwnMessage).describe('All that the account has written, in conversations it has left too'),
    reactions: z.array(OwnReaction),
    notifications: z.array(Notification),
    uploads: z.array(Upload).describe('Their links live for a while: fetch what you want to keep'),
  })
  .meta({ id: 'AccountExport' });
