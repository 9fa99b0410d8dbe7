import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { InFlight } from '../../kernel/in-flight.js';
import type { KeyedDigests } from '../../kernel/keyed-digest.js';
import type { Log } from '../../log/log.js';
import type { Links } from '../../views/links.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Relations } from '../../views/relations.js';
import type { Visibility } from '../../views/visibility.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Reservations } from '../media/reservations.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MessageChangeRepository } from '../../repositories/messages/message-change-repository.js';
import type { MessageRepository } from '../../repositories/messages/message-repository.js';
import type { SearchRepository } from '../../repositories/messages/search-repository.js';
import type { ReactionRepository } from '../../repositories/reactions/reaction-repository.js';
import type { ListMessages, Message, MessagePage, SendMessage } from '@causerie/contract/messages';
import { type ChangeMessage, createChangeMessage } from './change-message.js';
import { createListMessages } from './list-messages.js';
import { createMessagePublisher, type MessagePublisher } from './publish-message.js';
import { createReadMessage, type ReadMessage } from './read-message.js';
import { createSearch, type Search } from './search.js';
import { createSendMessage, type SentMessage } from './send-message.js';

interface Deps {
  repository: MessageRepository;
  changes: MessageChangeRepository;
  reactions: Pick<ReactionRepository, 'eraseOfMessage'>;
  search: SearchRepository;
  hidden: Pick<HiddenRepository, 'within'>;
  log: Pick<Log, 'append' | 'change'>;
  inFlight: Pick<InFlight, 'during'>;
  conversations: Conversations;
  relations: Pick<Relations, 'relationships'>;
  reservations: Pick<Reservations, 'reserve' | 'attach' | 'cancelReservation' | 'drop'>;
  views: MessageViews;
  visibility: Visibility;
  links: Pick<Links, 'attachment'>;
  cursors: Cursors;
  digests: KeyedDigests;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  timeLimits: { editMs: number; deleteMs: number };
}

export interface Messages extends Omit<ChangeMessage, 'delete'>, ReadMessage {
  /**
   * Sends a message, once for each clientId. Throws `not_found` (the conversation, the quoted message, an upload),
   * `invalid_input` (a mentioned user is not a member), `not_contactable`, `conflict`, `client_id_reused` and `unavailable`.
   */
  send(actor: Actor, input: SendMessage): Promise<SentMessage>;
  /** Part of a conversation; throws `not_found` if the actor is not a member. */
  list(actor: Actor, input: ListMessages): Promise<MessagePage>;
  search: Search;
  /**
   * Deletes a message for everyone and returns the tombstone (see `ChangeMessage`), or hides it from the actor alone
   * and returns null; hiding throws `not_found` if the actor could never see the message.
   */
  remove(actor: Actor, messageId: string, scope: 'everyone' | 'me'): Promise<Message | null>;
  publisher: Pick<MessagePublisher, 'recovered' | 'recoveredChange' | 'system'>;
}

export function createMessages(deps: Deps): Messages {
  const publisher = createMessagePublisher(deps);
  const read = createReadMessage(deps);
  const { delete: deleteMessage, ...change } = createChangeMessage({ ...deps, read, publisher });

  return {
    ...read,
    ...change,
    send: createSendMessage({ ...deps, read, publisher }),
    list: createListMessages(deps),
    search: createSearch(deps),
    publisher,
    async remove(actor, messageId, scope) {
      if (scope === 'everyone') return deleteMessage(actor, messageId);
      const { row } = await read.requireReadable(actor.userId, messageId);
      await deps.conversations.hideMessage(actor, row);
      return null;
    },
  };
}
