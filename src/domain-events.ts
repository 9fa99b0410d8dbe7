import type { Contact } from '@causerie/contract/contacts';
import type { Member } from '@causerie/contract/groups';
import type { Conversation, OwnState } from '@causerie/contract/conversations';
import type { Message } from '@causerie/contract/messages';
import type { Notification } from '@causerie/contract/notifications';
import type { Me, PublicUser } from '@causerie/contract/users';

/** Why a session has ended, as its sockets are notified. */
export type SessionEndReason =
  | 'logout'
  | 'revoked'
  | 'password_changed'
  | 'password_reset'
  | 'token_reused'
  | 'disabled'
  | 'account_deleted'
  | 'expired';

/**
 * Every domain event, published after the write. It carries everything that its socket events need, so that
 * broadcasting is synchronous and keeps the order of publishing. An event may be published twice.
 */
export interface DomainEvents {
  /** A message was committed. `message.state` is null; `senderState` is for the sender's own devices. */
  'message.created': {
    conversationId: string;
    type: 'direct' | 'group';
    /** The members of a direct conversation; empty for a group, which has a room. */
    userIds: readonly string[];
    /** The members who cannot see the quoted message. */
    cannotSeeQuoteIds: readonly string[];
    message: Message;
    /** The sender, if they are still a member: their devices get the state of the message. */
    authorId: string | null;
    senderState: Message['state'];
    originSocketId?: string | undefined;
  };
  /** A message was edited, deleted or reacted to; `message.rev` is the number of this change. */
  'message.updated': DomainEvents['message.created'] & {
    /** The members who cannot see it. */
    cannotSeeIds: readonly string[];
  };
  /** A user has hidden messages: for their other devices. */
  'message.hidden': {
    userId: string;
    conversationId: string;
    messageIds: string[];
    originSocketId?: string | undefined;
  };
  /** A conversation was added to the list of a user; `conversation` is as this user sees it. */
  'conversation.created': { userId: string; conversation: Conversation; originSocketId?: string | undefined };
  /** A conversation was removed from the list of a user. */
  'conversation.removed': {
    userId: string;
    conversationId: string;
    reason: 'removed' | 'left' | 'deleted' | 'hidden';
    originSocketId?: string | undefined;
  };
  /** The read position or the settings of a user in a conversation have changed: for their other devices. */
  'conversation.settings': OwnState & { userId: string; originSocketId?: string | undefined };
  /** A user has read or cleared a conversation of which they have notifications. */
  'conversation.read': { userId: string; conversationId: string; seq: number };
  /** The notifications of a user have changed: for their devices. */
  'notification.created': { userId: string; notification: Notification; unread: number };
  'notification.updated': { userId: string; notification: Notification; unread: number };
  'notification.removed': { userId: string; notificationId: string; unread: number };
  /** The receipts that a user shows to others have moved. */
  'receipt.updated': {
    conversationId: string;
    /** The user; null for the lowest receipts of all members of a group. */
    userId: string | null;
    /** The recipients; null for all members of a group. */
    toUserIds: readonly string[] | null;
    /** Members of the group who get another read position, because they hide their own. */
    except: readonly { userId: string; readSeq: number }[];
    deliveredSeq: number;
    readSeq: number;
  };
  /** Users have joined a group: their sockets receive its events from now on. */
  'membership.begun': { conversationId: string; userIds: readonly string[] };
  /** A user is not a member of a group any more: their sockets receive no more of its events. */
  'membership.ended': { conversationId: string; userId: string; reason: 'removed' | 'left' | 'deleted' };
  /** Members of a group were added: for all its members. */
  'members.added': { conversationId: string; rev: number; members: Member[] };
  'member.updated': { conversationId: string; rev: number; member: Member };
  'member.removed': { conversationId: string; rev: number; userId: string };
  /** Title, description or photo of a group have changed; with a `userId` the event is for that user alone. */
  'conversation.updated': {
    conversationId: string;
    rev: number | null;
    changes: Partial<Pick<Conversation, 'title' | 'description' | 'photo' | 'role' | 'permissions'>>;
    userId?: string;
  };
  /** The users who type in a conversation have changed; each member gets the list without themselves. */
  'typing.updated': {
    conversationId: string;
    type: 'direct' | 'group';
    /** The members of a direct conversation; empty for a group, which has a room. */
    userIds: readonly string[];
    /** The typing users in the last event, and now. */
    before: readonly string[];
    typists: readonly string[];
    /** The members who are not shown a typing user, by the id of that user. */
    hiddenFrom: ReadonlyMap<string, readonly string[]>;
  };
  /** A user has come online or gone offline: for one socket that watches them and may know. */
  'presence.updated': { socketId: string; userId: string; online: boolean; lastSeenAt: string | null };
  /** A profile has changed: for everybody who shares a conversation with that user. */
  'user.updated': {
    user: Omit<PublicUser, 'presence'>;
    /** The users who are not shown the status. */
    cannotSeeIds: readonly string[];
  };
  /** What a user shows of their presence, or to whom, may have changed. */
  'presence.redacted': { userId: string };
  /** The relation of `ownerId` to another user has changed: for the devices of `ownerId`. */
  'contact.updated': { ownerId: string; userId: string; contact: Contact | null; blocked: boolean };
  /** Two users cannot write to each other any more. */
  'contact.severed': { conversationId: string; userIds: readonly string[] };
  /** The own profile or settings have changed: for the own devices. */
  'settings.updated': { userId: string; me: Me };
  /** The access token of one socket expires soon and was not renewed. */
  'session.expiring': { socketId: string; expiresAt: Date };
  /** The access token of one socket has expired; the session itself may still be alive. */
  'session.expired': { socketId: string };
  'session.revoked': { userId: string; sessionId: string; reason: SessionEndReason };
  'server.stopping': { retryAfterMs: number };
}
