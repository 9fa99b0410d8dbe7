/** The wire types and schemas used by tests: the only test file that imports the contract. */
import type { z } from 'zod';
import { clientEvents, serverEvents, type ClientEvent, type ServerEvent } from '@causerie/contract/events';

export { clientEvents, serverEvents, type ClientEvent, type ServerEvent };
export { AccountExport, ErasurePlanned, ErasurePreview } from '@causerie/contract/account';
export { AuthResult, Nothing } from '@causerie/contract/auth';
export { Contact, ContactList } from '@causerie/contract/contacts';
export {
  Conversation,
  ConversationList,
  DeliveredResult,
  ReadResult,
  ReceiptList,
  UnreadTotals,
} from '@causerie/contract/conversations';
export { AddedMembers, CreatedGroup, Member, MemberList, Opened } from '@causerie/contract/groups';
export { Upload } from '@causerie/contract/media';
export { MessageReceipts, MessageRevisions, MessagePage, SearchResult } from '@causerie/contract/messages';
export {
  Notification,
  NotificationList,
  UnreadNotifications,
  type NotificationKind,
} from '@causerie/contract/notifications';
export { MessageReactions, ReactionList } from '@causerie/contract/reactions';
export { SessionList, Tokens } from '@causerie/contract/sessions';
export { SyncAnswer, type SyncedConversation } from '@causerie/contract/sync';
export { Me, PublicUser, PublicUserList, UserRefList } from '@causerie/contract/users';
export { problemCodes, type ProblemCode } from '@causerie/contract/problem-codes';
export { Message } from '@causerie/contract/message';

type KeysOf<Union> = Union extends object ? keyof Union : never;
type WithKeys<Union, Keys extends PropertyKey> = Union extends object
  ? Union & { [Key in Exclude<Keys, keyof Union>]?: undefined }
  : Union;

/** A union of closed objects in which each key of the others may be read, as undefined. */
export type OneOf<Union> = WithKeys<Union, KeysOf<Union>>;

/** The payload of a server event. */
export type EventPayload<Event extends ServerEvent> = OneOf<z.output<(typeof serverEvents)[Event]['payload']>>;

/** The data of an acknowledgement. */
export type EventOutput<Event extends ClientEvent> = OneOf<z.output<(typeof clientEvents)[Event]['output']>>;
