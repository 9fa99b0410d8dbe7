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
    password: z.string().max(1000).describe('The current password'),
    dryRun: z.boolean().default(false).describe('Report what would be deleted, without deleting anything'),
  })
  .meta({ id: 'DeleteAccount' });
export type DeleteAccount = z.output<typeof DeleteAccount>;

export const ErasurePlanned = z
  .strictObject({ erasureAt: time.describe('When the account is erased; logging in before then cancels the deletion') })
  .meta({ id: 'ErasurePlanned' });

export const ErasurePreview = z
  .strictObject({
    messages: z
      .int()
      .describe('Number of text and media messages sent; they stay in place, attributed to "Deleted account"'),
    uploads: z.int().describe('Number of uploads'),
    contacts: z.int().describe('Number of contacts'),
    notifications: z.int().describe('Number of notifications'),
    groupsPassedOn: z
      .array(
        z.strictObject({
          conversationId: objectId.describe('Id of the group'),
          userId: objectId.describe('Id of the member who becomes its creator'),
        }),
      )
      .describe('Groups created by the account that get a new creator'),
    groupsErased: z.array(objectId).describe('Ids of groups with no other member, which are deleted'),
  })
  .meta({ id: 'ErasurePreview' });
export type ErasurePreview = z.infer<typeof ErasurePreview>;

const OwnMessage = z
  .strictObject({
    id: objectId,
    conversationId: objectId.describe('Id of the conversation'),
    seq: z.int().describe('Position in the conversation, counting from 1'),
    clientId: z.string().nullable().describe('Id chosen by the client that sent the message; null if there is none'),
    type: z.enum(['text', 'media']).describe('`media` if the message has attachments, else `text`'),
    text: z.string().describe('Empty if the message has only attachments, or was deleted'),
    attachments: z.array(Attachment).describe('In the order in which they were given'),
    replyTo: objectId.nullable().describe('Id of the message it replies to; null if it is not a reply'),
    mentions: z.array(objectId).describe('Ids of the users it mentions'),
    revisions: z
      .array(
        z.strictObject({
          text: z.string().describe('The earlier text'),
          editedAt: time.describe('When this text was replaced'),
        }),
      )
      .describe('Earlier texts, oldest first'),
    createdAt: time,
    editedAt: time.nullable().describe('When the text was last edited; null if it never was'),
    deletedAt: time.nullable().describe('When the message was deleted for everyone; null if it was not'),
  })
  .meta({ id: 'OwnMessage' });
export type OwnMessage = z.infer<typeof OwnMessage>;

const OwnReaction = z
  .strictObject({
    messageId: objectId.describe('Id of the message'),
    emoji: z.string().describe('The emoji, as it was sent'),
    createdAt: time,
  })
  .meta({ id: 'OwnReaction' });

export const AccountExport = z
  .strictObject({
    exportedAt: time,
    me: Me,
    sessions: z.array(Session).describe('Devices that are signed in'),
    contacts: z.array(Contact).describe('Contacts of the account'),
    blocked: z.array(UserRef).describe('Blocked users'),
    conversations: z.array(Conversation).describe('Conversations of the account'),
    messages: z
      .array(OwnMessage)
      .describe('All messages sent by the account, including those in conversations it has left'),
    reactions: z.array(OwnReaction).describe('All reactions of the account'),
    notifications: z.array(Notification).describe('Notifications of the account'),
    uploads: z.array(Upload).describe('All uploads. Their links expire: download what you want to keep'),
  })
  .meta({ id: 'AccountExport' });
