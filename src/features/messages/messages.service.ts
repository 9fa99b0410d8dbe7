import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { InFlight } from '../../kernel/in-flight.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Log } from '../../log/log.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Relations } from '../../views/relations.js';
import type { Reservations } from '../media/reservations.js';
import type { Links } from '../../views/links.js';
import { createAnnouncing } from './announcing.js';
import { type Changing, createChanging, type Edit } from './changing.js';
import type { ContentDigests } from './content-digest.js';
import type { MessageChangeRepository } from '../../repositories/messages/message-change-repository.js';
import { createMessageReading, type MessageReading } from './message-reading.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';
import type {
  ListMessages,
  Message,
  MessageReceipts,
  MessageRevisions,
  MessagePage,
  SendMessage,
} from '@causerie/contract/messages';
import type { SearchRepository } from '../../repositories/messages/search-repository.js';
import { createSearching, type Search } from './searching.js';
import { createSending } from './sending.js';
import { readMessagePage } from './message-pages.js';

interface Deps {
  reservations: Pick<Reservations, 'reserve' | 'attach' | 'cancelReservation' | 'drop'>;
  links: Pick<Links, 'attachment'>;
  repository: MessageRepository;
  changes: MessageChangeRepository;
  log: Pick<Log, 'append' | 'change'>;
  inFlight: Pick<InFlight, 'during'>;
  conversations: Pick<
    Conversations,
    | 'requireMembership'
    | 'audienceOf'
    | 'announceListed'
    | 'findMembership'
    | 'publishOwnState'
    | 'raiseUncounted'
    | 'hideMessage'
    | 'receiptsFor'
    | 'permissionsOf'
    | 'requireNotBlocked'
    | 'membershipsOf'
    | 'withOthers'
    | 'membersAmong'
    | 'removals'
    | 'canModerate'
  >;
  relations: Pick<Relations, 'relationships'>;
  views: MessageViews;
  visibility: Visibility;
  search: SearchRepository;
  hidden: Pick<HiddenRepository, 'within'>;
  cursors: Cursors;
  digests: ContentDigests;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  windows: { editMs: number; deleteMs: number };
}

export interface Messages {
  /**
   * Sends a message, once for each clientId. Throws `not_found` (the conversation, the quoted message, an upload),
   * `invalid_input` (a mention of who is no member), `client_id_reused` and `unavailable`.
   */
  send(actor: Actor, input: SendMessage): Promise<{ message: Message; isNew: boolean }>;
  /** Part of a conversation; throws `not_found` for who is no member. */
  list(actor: Actor, input: ListMessages): Promise<MessagePage>;
  /** Throws `not_found` for who cannot see it. */
  get(actor: Actor, messageId: string): Promise<Message>;
  /** Whom a message has reached, as far as they show it; throws `not_found`. */
  receipts(actor: Actor, messageId: string): Promise<MessageReceipts>;
  /** The earlier texts of a message; throws `not_found`. */
  revisions(actor: Actor, messageId: string): Promise<MessageRevisions>;
  /** Throws what `Changing` says. */
  edit(actor: Actor, edit: Edit): Promise<Message>;
  /**
   * Deletes a message for everyone, which gives the tombstone and throws what `Changing` says; or hides it from the
   * caller alone, which gives null and throws `not_found` for who could never see it.
   */
  remove(actor: Actor, messageId: string, scope: 'everyone' | 'me'): Promise<Message | null>;
  search: Search;
  /** Announces a message that a sweep has found unannounced. */
  announceSwept(row: MessageRow): Promise<void>;
  /** Announces a change that a sweep has found unannounced. */
  announceChanged(messageId: string, rev: number): Promise<void>;
  /** Announces a system message. */
  announceSystem(row: MessageRow): Promise<void>;
  /** A message and its reader's standing; throws `not_found` for who cannot see it. */
  seen: MessageReading['seen'];
  /** Numbers and tells a change of a message whose content and mark are written. */
  numberChange: Changing['number'];
  /** Numbers and tells all that is written of a message and has no number. */
  finishChanges: Changing['finish'];
  /** Finishes the changes that were begun before a moment and cut off. */
  completePending: Changing['completePending'];
}

/** Builds the messages of a server. */
export function createMessages(deps: Deps): Messages {
  const { repository, changes, log, conversations, relations, views, visibility, digests, bus, windows } = deps;
  const { reservations, links, inFlight } = deps;
  const reading = createMessageReading({ repository, views, visibility, conversations });
  const announcing = createAnnouncing({ repository, conversations, bus, links });
  const changing = createChanging({ changes, log, conversations, reading, announcing, windows, reservations });

  return {
    send: createSending({
      ...{ repository, log, conversations, relations, visibility, digests, reading, reservations, links },
      announce: announcing.created,
    }),
    edit: (actor, edit) => inFlight.during(() => changing.edit(actor, edit)),
    search: createSearching(deps),
    seen: reading.seen,
    numberChange: changing.number,
    finishChanges: changing.finish,
    completePending: changing.completePending,
    async list({ userId }, { conversationId, ...request }) {
      const membership = await conversations.requireMembership(userId, conversationId);
      const { rows: found, ...more } = await readMessagePage(visibility, membership.member, request);
      return { items: await views.of(found, [membership]), ...more };
    },
    async get({ userId }, messageId) {
      const { row, membership } = await reading.seen(userId, messageId);
      return reading.shownTo(membership, row);
    },
    async receipts({ userId }, messageId) {
      const { row, membership } = await reading.seen(userId, messageId);
      const others = (await conversations.receiptsFor(membership)).filter(
        (one) => one.userId !== String(row.senderId) && one.joinedSeq < row.seq,
      );
      return {
        delivered: others.filter(({ deliveredSeq }) => deliveredSeq >= row.seq).map((one) => one.userId),
        read: others.filter(({ readSeq }) => readSeq >= row.seq).map((one) => one.userId),
      };
    },
    async revisions({ userId }, messageId) {
      const { row } = await reading.seen(userId, messageId);
      return { items: row.revisions.map(({ text, editedAt }) => ({ text, editedAt: editedAt.toISOString() })) };
    },
    async remove(actor, messageId, scope) {
      if (scope === 'everyone') return inFlight.during(() => changing.erase(actor, messageId));
      const { row } = await reading.readable(actor.userId, messageId);
      await conversations.hideMessage(actor, row);
      return null;
    },
    async announceSwept(row) {
      const quoted = row.replyTo ? await repository.byId(String(row.replyTo)) : null;
      const membership = await announcing.authorOf(row);
      await (membership ? announcing.created(membership, row, quoted) : announcing.withoutAuthor(row, quoted));
    },
    announceSystem: (row) => announcing.withoutAuthor(row, null),
    async announceChanged(messageId, rev) {
      const row = await repository.byId(messageId);
      if (row) await announcing.updated(row, rev);
    },
  };
}
