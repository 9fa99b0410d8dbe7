/** The messages that a device is told of each conversation: those that are new or changed, or the newest where it begins anew. */
import type { Changed } from '../../repositories/changes/change-repository.js';
import type { Membership } from '../../views/membership.js';
import type { Message } from '@causerie/contract/message';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import type { Stretch } from '../../repositories/hidden/hidden-repository.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';
import { grouped, idOf, isContinued, type KnownStep } from './sync-step.js';

interface Deps {
  messages: Pick<MessageRepository, 'allWithin' | 'withQuoted'>;
  visibility: Visibility;
  messageViews: MessageViews;
}

/** Messages by conversation, and the conversations that begin anew: everything older is dropped. */
export interface SyncedMessages {
  byConversation: Map<string, Message[]>;
  limited: Set<string>;
}

const maxMessages = 100;
const newestMessages = 50;

function newIn({ membership: { conversation }, before }: KnownStep): Stretch {
  return { conversationId: conversation._id, above: before.seq, upTo: conversation.seq };
}

const countOf = ({ above, upTo }: Stretch): number => upTo - above;

/** The changed messages of a conversation that are not new. */
function changedIn(records: readonly Changed[], created: readonly MessageRow[]): string[] {
  const there = new Set(created.map(({ _id }) => _id));
  const ids = records.flatMap(({ messageId }) => (messageId ? [messageId] : []));
  return [...new Set(ids)].filter((id) => !there.has(id));
}

const membershipOf = ({ membership }: KnownStep): Membership => membership;

/** Builds the reading of what is told; `changes` are those that the device has not seen. All steps are read together. */
export function createSyncMessages({ messages, visibility, messageViews }: Deps) {
  /** Messages of some steps as they are shown, without those that the reader cannot see. */
  async function show(steps: readonly KnownStep[], rows: readonly MessageRow[], quoted?: readonly MessageRow[]) {
    const byStep = grouped(rows);
    const [views, hidden] = await Promise.all([
      messageViews.of(rows, steps.map(membershipOf), quoted),
      Promise.all(
        steps.map(async (step) => {
          const seqs = (byStep.get(idOf(step)) ?? []).map(({ seq }) => seq);
          return [idOf(step), await visibility.unseenOf(step.membership.member, seqs)] as const;
        }),
      ),
    ]);
    const unseen = new Map(hidden);
    return views.filter(({ conversationId, seq }) => !unseen.get(conversationId)?.has(seq));
  }

  /** The newest messages of conversations whose earlier ones are dropped. */
  async function newest(steps: readonly KnownStep[]): Promise<Message[]> {
    const ranges = steps.map(({ membership: { conversation, member } }) => {
      const range = { above: 0, below: conversation.seq + 1, limit: newestMessages, nearest: 'below' } as const;
      return visibility.range(member, range);
    });
    return messageViews.of((await Promise.all(ranges)).flat(), steps.map(membershipOf));
  }

  /** What is new and changed, or the newest where that is too much. */
  async function goOn(steps: readonly KnownStep[], changes: Promise<Map<string, Changed[]>>) {
    const stretches = steps.map(newIn).filter((stretch) => countOf(stretch) > 0);
    const [created, records] = await Promise.all([messages.allWithin(stretches), changes]);
    const byStep = grouped(created);
    const parts = steps.map((step) => {
      const received = byStep.get(idOf(step)) ?? [];
      return { step, received, changed: changedIn(records.get(idOf(step)) ?? [], received) };
    });
    const isMuch = ({ received, changed }: (typeof parts)[number]): boolean =>
      received.length + changed.length > maxMessages;
    const much = parts.filter(isMuch).map(({ step }) => step);
    const few = parts.filter((part) => !isMuch(part));
    const fewSteps = few.map(({ step }) => step);
    const older = async (): Promise<Message[]> => {
      const { rows, quoted } = await messages.withQuoted(few.flatMap(({ changed }) => changed));
      return show(fewSteps, rows, quoted);
    };
    const received = few.flatMap((part) => part.received);
    return { much, shown: (await Promise.all([show(fewSteps, received), older(), newest(much)])).flat() };
  }

  return async function messagesOf(
    steps: readonly KnownStep[],
    changes: Promise<Map<string, Changed[]>>,
  ): Promise<SyncedMessages> {
    const few = steps.filter((step) => isContinued(step) && countOf(newIn(step)) <= maxMessages);
    const anew = steps.filter((step) => !few.includes(step));
    const [fresh, { much, shown }] = await Promise.all([newest(anew), goOn(few, changes)]);
    const heads = new Map(steps.map((step) => [idOf(step), step.membership.conversation.seq]));
    // What is newer than the head that is told comes with the next cursor.
    const known = [...fresh, ...shown].filter(({ conversationId, seq }) => seq <= (heads.get(conversationId) ?? 0));
    return {
      byConversation: grouped(known.sort((a, b) => a.seq - b.seq)),
      limited: new Set([...anew, ...much].map(idOf)),
    };
  };
}
