import type { Contact } from '@causerie/contract/contacts';
import type { Member } from '@causerie/contract/groups';
import type { Conversation, OwnState } from '@causerie/contract/conversations';
import type { Message } from '@causerie/contract/messages';
import type { Notification } from '@causerie/contract/notifications';
import type { Me, PublicUser } from '@causerie/contract/users';

/** Why a session is over, as its sockets are told. */
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
 * Every fact a service may announce, after its write. A fact carries what the news about it need, so that
 * broadcasting is synchronous and keeps the order of publishing. A fact may be announced twice.
 */
export interface DomainEvents {
  /** A message has landed. `message.state` is null; `senderState` is what the sender's own devices are shown. */
  'message.created': {
    conversationId: string;
    type: 'direct' | 'group';
    /** The members of a direct conversation; empty for a group, which has a room. */
    userIds: readonly string[];
    /** Who of them cannot see the message that it quotes. */
    cannotSeeQuoteIds: readonly string[];
    message: Message;
    /** Who sent it and is a member still: his devices are shown its state. */
    authorId: string | null;
    senderState: Message['state'];
    originSocketId?: string | undefined;
  };
  /** A message was edited, deleted or reacted to; `message.rev` is the number of this change. */
  'message.updated': DomainEvents['message.created'] & {
    /** Who of the members cannot see it. */
    cannotSeeIds: readonly string[];
  };
  /** Somebody has hidden messages for himself: for his other devices. */
  'message.hidden': {
    userId: string;
    conversationId: string;
    messageIds: string[];
    originSocketId?: string | undefined;
  };
  /** A conversation has come into somebody's list; `conversation` is as that person sees it. */
  'conversation.created': { userId: string; conversation: Conversation; originSocketId?: string | undefined };
  /** A conversation is gone from somebody's list. */
  'conversation.removed': {
    userId: string;
    conversationId: string;
    reason: 'removed' | 'left' | 'deleted' | 'hidden';
    originSocketId?: string | undefined;
  };
  /** The marks or settings of somebody in a conversation are others now: for his other devices. */
  'conversation.settings': OwnState & { userId: string; originSocketId?: string | undefined };
  /** Somebody has read on, or emptied, a conversation of which he has notifications. */
  'conversation.read': { userId: string; conversationId: string; seq: number };
  /** The notifications of somebody are others now: for his devices. */
  'notification.created': { userId: string; notification: Notification; unread: number };
  'notification.updated': { userId: string; notification: Notification; unread: number };
  'notification.removed': { userId: string; notificationId: string; unread: number };
  /** What others are shown of somebody's marks has moved. */
  'receipt.updated': {
    conversationId: string;
    /** Whose marks; null for what all members of a group have reached. */
    userId: string | null;
    /** Who is told; null for all members of a group. */
    toUserIds: readonly string[] | null;
    /** Who of a group is told another reading: he hides his own. */
    except: readonly { userId: string; readSeq: number }[];
    deliveredSeq: number;
    readSeq: number;
  };
  /** People have come into a group: their sockets hear it from now on. */
  'membership.begun': { conversationId: string; userIds: readonly string[] };
  /** Somebody is no member of a group any more: his sockets hear nothing more of it. */
  'membership.ended': { conversationId: string; userId: string; reason: 'removed' | 'left' | 'deleted' };
  /** What every member of a group is told of a change of its members. */
  'members.added': { conversationId: string; rev: number; members: Member[] };
  'member.updated': { conversationId: string; rev: number; member: Member };
  'member.removed': { conversationId: string; rev: number; userId: string };
  /** Title, description or photo of a group are others now; with a `userId` it is for that person alone. */
  'conversation.updated': {
    conversationId: string;
    rev: number | null;
    changes: Partial<Pick<Conversation, 'title' | 'description' | 'photo' | 'role' | 'permissions'>>;
    userId?: string;
  };
  /** Others type in a conversation now; each member is shown the list without himself. */
  'typing.updated': {
    conversationId: string;
    type: 'direct' | 'group';
    /** The members of a direct conversation; empty for a group, which has a room. */
    userIds: readonly string[];
    /** Who was typing when it was told last, and who is now. */
    before: readonly string[];
    typists: readonly string[];
    /** Who is not shown the typing of whom: by typist. */
    hiddenFrom: ReadonlyMap<string, readonly string[]>;
  };
  /** Somebody has come online or gone offline, for one socket that watches him and may know. */
  'presence.updated': { socketId: string; userId: string; online: boolean; lastSeenAt: string | null };
  /** A profile is another one now: for everybody who shares a conversation with that person. */
  'user.updated': {
    user: Omit<PublicUser, 'presence'>;
    /** Who is not shown his status. */
    cannotSeeIds: readonly string[];
  };
  /** What somebody shows of his presence, or to whom, may be another now. */
  'presence.redacted': { userId: string };
  /** What somebody is to a person is another now: for the devices of that person. */
  'contact.updated': { ownerId: string; userId: string; contact: Contact | null; blocked: boolean };
  /** Two people write to each other no more. */
  'contact.severed': { conversationId: string; userIds: readonly string[] };
  /** The own profile or settings are others now: for the own devices. */
  'settings.updated': { userId: string; me: Me };
  /** The access token of one socket runs out soon and nobody has renewed it. */
  'session.expiring': { socketId: string; expiresAt: Date };
  /** The access token of one socket has run out; the session may well live on. */
  'session.expired': { socketId: string };
  'session.revoked': { userId: string; sessionId: string; reason: SessionEndReason };
  'server.stopping': { retryAfterMs: number };
}
