import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { InFlight } from '../../kernel/in-flight.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { Log } from '../../log/log.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import type { HiddenRows } from '../conversations/hidden.model.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Relations } from '../users/relations.js';
import type { Claiming } from '../media/claiming.js';
import type { Links } from '../media/links.js';
import { createAnnouncing } from './announcing.js';
import { type Changing, createChanging, type Edit } from './changing.js';
import type { ContentDigests } from './content-digest.js';
import type { MessageChanges } from './message-changes.model.js';
import { createMessageReading, type MessageReading } from './message-reading.js';
import type { MessageRow, MessageRows } from './messages.model.js';
import type {
  ListMessages,
  Message,
  MessageReceipts,
  MessageRevisions,
  MessageWindow,
  SendMessage,
} from './messages.schemas.js';
import type { SearchRows } from './search.model.js';
import { createSearching, type Search } from './searching.js';
import { createSending } from './sending.js';
import { readWindow } from './windows.js';

interface Deps {
  claiming: Pick<Claiming, 'claim' | 'attach' | 'unclaim' | 'drop'>;
  links: Pick<Links, 'attachment'>;
  rows: MessageRows;
  changes: MessageChanges;
  log: Pick<Log, 'append' | 'change'>;
  inFlight: Pick<InFlight, 'during'>;
  conversations: Pick<
    Conversations,
    | 'standingOf'
    | 'audienceOf'
    | 'announceListed'
    | 'marks'
    | 'raiseUncounted'
    | 'hideMessage'
    | 'shownTo'
    | 'rulesOf'
    | 'requireChange'
    | 'ownOf'
    | 'withOthers'
    | 'membersAmong'
    | 'departures'
    | 'isAbove'
  >;
  relations: Pick<Relations, 'betweenAll'>;
  views: MessageViews;
  visibility: Visibility;
  search: SearchRows;
  hidden: Pick<HiddenRows, 'within'>;
  cursors: Cursors;
  digests: ContentDigests;
  bus: Pick<FactBus<Facts>, 'publish'>;
  windows: { editMs: number; deleteMs: number };
}

export interface Messages {
  /**
   * Sends a message, once for each clientId. Throws `not_found` (the conversation, the quoted message, an upload),
   * `invalid_input` (a mention of who is no member), `client_id_reused` and `unavailable`.
   */
  send(actor: Actor, input: SendMessage): Promise<{ message: Message; isNew: boolean }>;
  /** Part of a conversation; throws `not_found` for who is no member. */
  list(actor: Actor, input: ListMessages): Promise<MessageWindow>;
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
  finishBefore: Changing['finishBefore'];
}

/** Builds the messages of a server. */
export function createMessages(deps: Deps): Messages {
  const { rows, changes, log, conversations, relations, views, visibility, digests, bus, windows } = deps;
  const { claiming, links, inFlight } = deps;
  const reading = createMessageReading({ rows, views, visibility, conversations });
  const announcing = createAnnouncing({ rows, conversations, bus, links });
  const changing = createChanging({ changes, log, conversations, reading, announcing, windows, claiming });

  return {
    send: createSending({
      ...{ rows, log, conversations, relations, visibility, digests, reading, claiming, links },
      announce: announcing.created,
    }),
    edit: (actor, edit) => inFlight.during(() => changing.edit(actor, edit)),
    search: createSearching(deps),
    seen: reading.seen,
    numberChange: changing.number,
    finishChanges: changing.finish,
    finishBefore: changing.finishBefore,
    async list({ userId }, { conversationId, ...asked }) {
      const held = await conversations.standingOf(userId, conversationId);
      const { rows: found, ...more } = await readWindow(visibility, held.member, asked);
      return { items: await views.of(found, [held]), ...more };
    },
    async get({ userId }, messageId) {
      const { row, held } = await reading.seen(userId, messageId);
      return reading.shownTo(held, row);
    },
    async receipts({ userId }, messageId) {
      const { row, held } = await reading.seen(userId, messageId);
      const others = (await conversations.shownTo(held)).filter(
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
      const { row } = await reading.known(actor.userId, messageId);
      await conversations.hideMessage(actor, row);
      return null;
    },
    async announceSwept(row) {
      const quoted = row.replyTo ? await rows.byId(String(row.replyTo)) : null;
      const held = await announcing.authorOf(row);
      await (held ? announcing.created(held, row, quoted) : announcing.withoutAuthor(row, quoted));
    },
    announceSystem: (row) => announcing.withoutAuthor(row, null),
    async announceChanged(messageId, rev) {
      const row = await rows.byId(messageId);
      if (row) await announcing.updated(row, rev);
    },
  };
}
