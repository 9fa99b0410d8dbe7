/** Reads the messages that a device lacks: new and changed ones or, where it starts over, only the newest. */
import type { Message } from '@causerie/contract/message';
import type { ChangeSummary } from '../../repositories/changes/change-repository.js';
import type { Stretch } from '../../repositories/hidden/hidden-repository.js';
import type { MessageRepository, MessageRow } from '../../repositories/messages/message-repository.js';
import type { Membership } from '../../views/membership.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import { byConversation, canContinue, idOf, type StaleConversation } from './changed-conversation.js';

interface Deps {
  messages: Pick<MessageRepository, 'allWithin' | 'withQuoted'>;
  visibility: Visibility;
  messageViews: MessageViews;
}

export interface SyncedMessages {
  /** By conversation, in the order of `seq`. */
  messages: Map<string, Message[]>;
  /** The conversations that start over: the device discards what it holds of them. */
  limited: Set<string>;
}

/** What has happened in a conversation since the device saw it. */
interface MessageDelta {
  stale: StaleConversation;
  created: MessageRow[];
  /** Ids of older messages. */
  changed: string[];
}

const maxMessages = 100;
const newestMessages = 50;

function unseenIn({ membership: { conversation }, known }: StaleConversation): Stretch {
  return { conversationId: conversation._id, above: known.seq, upTo: conversation.seq };
}

const countOf = ({ above, upTo }: Stretch): number => upTo - above;
const isSmall = ({ created, changed }: MessageDelta): boolean => created.length + changed.length <= maxMessages;
const membershipOf = ({ membership }: StaleConversation): Membership => membership;
const staleOf = ({ stale }: MessageDelta): StaleConversation => stale;

function changedIds(changes: readonly ChangeSummary[], created: readonly MessageRow[]): string[] {
  const isNew = new Set(created.map(({ _id }) => _id));
  const ids = changes.flatMap(({ messageId }) => (messageId ? [messageId] : []));
  return [...new Set(ids)].filter((id) => !isNew.has(id));
}

/** The parts of reading messages; each reads those of all conversations together. */
function createParts({ messages, visibility, messageViews }: Deps) {
  /** Shows messages without those that the reader cannot see. */
  async function show(
    stale: readonly StaleConversation[],
    rows: readonly MessageRow[],
    quoted?: readonly MessageRow[],
  ) {
    const grouped = byConversation(rows);
    const [views, unseen] = await Promise.all([
      messageViews.of(rows, stale.map(membershipOf), quoted),
      Promise.all(
        stale.map(async (one) => {
          const seqs = (grouped.get(idOf(one)) ?? []).map(({ seq }) => seq);
          return [idOf(one), await visibility.unseenOf(one.membership.member, seqs)] as const;
        }),
      ),
    ]);
    const unseenBy = new Map(unseen);
    return views.filter(({ conversationId, seq }) => !unseenBy.get(conversationId)?.has(seq));
  }

  return {
    async deltas(stale: readonly StaleConversation[], changes: Promise<Map<string, ChangeSummary[]>>) {
      const stretches = stale.map(unseenIn).filter((stretch) => countOf(stretch) > 0);
      const [rows, unseen] = await Promise.all([messages.allWithin(stretches), changes]);
      const grouped = byConversation(rows);
      return stale.map((one): MessageDelta => {
        const created = grouped.get(idOf(one)) ?? [];
        return { stale: one, created, changed: changedIds(unseen.get(idOf(one)) ?? [], created) };
      });
    },
    created(deltas: readonly MessageDelta[]): Promise<Message[]> {
      const rows = deltas.flatMap(({ created }) => created);
      return show(deltas.map(staleOf), rows);
    },
    async changed(deltas: readonly MessageDelta[]): Promise<Message[]> {
      const { rows, quoted } = await messages.withQuoted(deltas.flatMap(({ changed }) => changed));
      return show(deltas.map(staleOf), rows, quoted);
    },
    async newest(stale: readonly StaleConversation[]): Promise<Message[]> {
      const ranges = stale.map(({ membership: { conversation, member } }) => {
        const range = { above: 0, below: conversation.seq + 1, limit: newestMessages, nearest: 'below' } as const;
        return visibility.range(member, range);
      });
      return messageViews.of((await Promise.all(ranges)).flat(), stale.map(membershipOf));
    },
  };
}

/** `changes` are those that the device has not seen, by conversation. */
export function createReadMessages(deps: Deps) {
  const parts = createParts(deps);

  /** Goes on from what the device holds; a conversation with too much to send starts over. */
  async function goOn(stale: readonly StaleConversation[], changes: Promise<Map<string, ChangeSummary[]>>) {
    const deltas = await parts.deltas(stale, changes);
    const small = deltas.filter(isSmall);
    const limited = deltas.filter((delta) => !isSmall(delta)).map(staleOf);
    const read = await Promise.all([parts.created(small), parts.changed(small), parts.newest(limited)]);
    return { limited, messages: read.flat() };
  }

  return async function readMessages(
    stale: readonly StaleConversation[],
    changes: Promise<Map<string, ChangeSummary[]>>,
  ): Promise<SyncedMessages> {
    const continued = stale.filter((one) => canContinue(one) && countOf(unseenIn(one)) <= maxMessages);
    const limited = stale.filter((one) => !continued.includes(one));
    const [newest, more] = await Promise.all([parts.newest(limited), goOn(continued, changes)]);
    const heads = new Map(stale.map((one) => [idOf(one), one.membership.conversation.seq]));
    // The next cursor ends at these heads: what is newer comes with the next sync.
    const upToHead = [...newest, ...more.messages].filter(
      ({ conversationId, seq }) => seq <= (heads.get(conversationId) ?? 0),
    );
    return {
      messages: byConversation(upToHead.sort((a, b) => a.seq - b.seq)),
      limited: new Set([...limited, ...more.limited].map(idOf)),
    };
  };
}
