import type { Changed, ChangeRows } from '../../log/change.model.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { HiddenRow, HiddenRows, Stretch } from '../conversations/hidden.model.js';
import type { MessageRow, MessageRows } from '../messages/messages.model.js';
import type { Entry } from './sync-cursor.js';
import type { Step } from './sync-step.js';
import type { createSyncMembers } from './sync-members.js';
import type { SyncedConversation } from './sync.schemas.js';

export interface SyncReading {
  /** What has changed in some conversations, in their order, by a fixed number of rounds. */
  read(userId: string, steps: readonly Step[]): Promise<SyncedConversation[]>;
}

interface Deps {
  /** The members of a group that a device has to be told of; `records` are the changes that it has not seen. */
  membersOf: ReturnType<typeof createSyncMembers>;
  messages: Pick<MessageRows, 'allWithin' | 'byIds'>;
  changes: Pick<ChangeRows, 'within'>;
  hidden: Pick<HiddenRows, 'after'>;
  visibility: Visibility;
  messageViews: MessageViews;
  conversationViews: ConversationViews;
}

/** A step whose messages can be told one by one. */
type Known = Step & { before: Entry };

const mostMessages = 100;
const newestMessages = 50;

const idOf = ({ held }: Step): string => String(held.conversation._id);

/** Whether the device holds this conversation and can go on from there. */
function isContinued(step: Step): step is Known {
  return step.before?.start === startOf(step.held.member);
}

function newIn({ held: { conversation }, before }: Known): Stretch {
  return { conversationId: conversation._id, above: before.seq, upTo: conversation.seq };
}

function changedIn({ held: { conversation }, before }: Known): Stretch {
  return { conversationId: conversation._id, above: before.rev, upTo: conversation.rev };
}

/** Values by the conversation that they belong to. */
function grouped<Row extends { conversationId: { toString(): string } }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = String(row.conversationId);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

/** The changes of some conversations that the device has not seen. */
function recordsOf({ changes }: Deps, steps: readonly Known[]): Promise<Changed[]> {
  return changes.within(steps.map(changedIn).filter(({ above, upTo }) => upTo > above));
}

/** New and changed messages that the caller sees, by conversation; none where there are too many to tell. */
async function messagesOf(
  { messages, visibility }: Deps,
  steps: readonly Known[],
  pending: Promise<readonly Changed[]>,
): Promise<Map<string, MessageRow[] | null>> {
  const fewNew = steps.filter((step) => newIn(step).upTo - newIn(step).above <= mostMessages);
  const few = new Set(fewNew.map(idOf));
  const [created, all] = await Promise.all([
    messages.allWithin(fewNew.map(newIn).filter(({ above, upTo }) => upTo > above)),
    pending,
  ]);
  const records = all.filter(({ conversationId }) => few.has(String(conversationId)));
  const there = new Set(created.map(({ _id }) => String(_id)));
  const older = [...new Set(records.flatMap(({ messageId }) => (messageId ? [String(messageId)] : [])))].filter(
    (id) => !there.has(id),
  );
  const rows = grouped([...created, ...(older.length === 0 ? [] : await messages.byIds(older))]);
  const told = fewNew.map(async (step): Promise<[string, MessageRow[] | null]> => {
    const found = rows.get(idOf(step)) ?? [];
    const unseen = await visibility.unseenOf(
      step.held.member,
      found.map(({ seq }) => seq),
    );
    const seen = found.filter(({ seq }) => seq <= step.held.conversation.seq && !unseen.has(seq));
    return [idOf(step), found.length > mostMessages ? null : seen.sort((a, b) => a.seq - b.seq)];
  });
  return new Map(await Promise.all(told));
}

/** What is told of the members of each. */
async function membersFor({ membersOf }: Deps, steps: readonly Step[], pending: Promise<readonly Changed[]>) {
  const records = grouped(await pending);
  return Promise.all(steps.map((step) => membersOf(step, records.get(idOf(step)) ?? [])));
}

/** The newest messages of a conversation whose earlier ones are dropped. */
function newestOf({ visibility }: Deps, { held: { conversation, member } }: Step): Promise<MessageRow[]> {
  const range = { above: 0, below: conversation.seq + 1, limit: newestMessages, nearest: 'below' } as const;
  return visibility.range(member, range);
}

/** What the caller has hidden since. */
function hiddenOf({ hidden }: Deps, userId: string, steps: readonly Known[]): Promise<HiddenRow[]> {
  const moved = steps.filter(({ held: { member }, before }) => member.own > before.own && member.lastHiddenSeq > 0);
  return hidden.after(
    userId,
    moved.map(({ held: { conversation }, before }) => ({ conversationId: conversation._id, own: before.own })),
  );
}

/** Builds the reading of what has changed: the numbers are known, so the content is at least as new as they are. */
export function createSyncReading(deps: Deps): SyncReading {
  return {
    async read(userId, steps) {
      const held = steps.map((step) => step.held);
      const continued = steps.filter(isContinued);
      const known = steps.filter((step): step is Known => step.before !== null);
      const records = recordsOf(deps, known);
      const [told, members, gone, conversations] = await Promise.all([
        messagesOf(deps, continued, records),
        membersFor(deps, steps, records),
        hiddenOf(deps, userId, continued),
        deps.conversationViews.of(userId, held),
      ]);
      // One that the device has never held comes with its newest message alone, which its view has already.
      const dropped = steps.filter((step) => step.before !== null && !told.get(idOf(step)));
      const newest = (await Promise.all(dropped.map((step) => newestOf(deps, step)))).flat();
      const rows = [...[...told.values()].flatMap((one) => one ?? []), ...newest];
      const shown = grouped(await deps.messageViews.of(rows, held));
      const hiddenIds = grouped(gone);
      return steps.map((step, place) => {
        const conversation = conversations[place];
        if (!conversation) throw new Error('A conversation without a view');
        const { lastMessage } = conversation;
        const isKnown = step.before !== null;
        return {
          conversation,
          messages: isKnown ? (shown.get(idOf(step)) ?? []) : lastMessage ? [lastMessage] : [],
          limited: !told.get(idOf(step)),
          ...(members[place] ?? { members: null, removedMemberIds: [] }),
          hiddenMessageIds: (hiddenIds.get(idOf(step)) ?? []).map(({ messageId }) => String(messageId)),
        };
      });
    },
  };
}
