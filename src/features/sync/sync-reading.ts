import type { Changed, ChangeRepository } from '../../repositories/changes/change-repository.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { HiddenRow, HiddenRepository, Stretch } from '../../repositories/hidden/hidden-repository.js';
import type { createSyncMembers } from './sync-members.js';
import type { createSyncMessages } from './sync-messages.js';
import { grouped, idOf, isContinued, isKnown, type KnownStep, type Step } from './sync-step.js';
import type { SyncedConversation } from '@causerie/contract/sync';

export interface SyncReading {
  /** What has changed in some conversations, in their order, by a fixed number of rounds. */
  read(userId: string, steps: readonly Step[]): Promise<SyncedConversation[]>;
}

interface Deps {
  membersOf: ReturnType<typeof createSyncMembers>;
  messagesOf: ReturnType<typeof createSyncMessages>;
  changes: Pick<ChangeRepository, 'within'>;
  hidden: Pick<HiddenRepository, 'after'>;
  conversationViews: ConversationViews;
}

function changedIn({ membership: { conversation }, before }: KnownStep): Stretch {
  return { conversationId: conversation._id, above: before.rev, upTo: conversation.rev };
}

/** The changes of some conversations that the device has not seen, by conversation. */
async function recordsOf({ changes }: Deps, steps: readonly KnownStep[]): Promise<Map<string, Changed[]>> {
  return grouped(await changes.within(steps.map(changedIn).filter(({ above, upTo }) => upTo > above)));
}

/** What the caller has hidden since. */
function hiddenOf({ hidden }: Deps, userId: string, steps: readonly KnownStep[]): Promise<HiddenRow[]> {
  const moved = steps.filter(
    ({ membership: { member }, before }) => member.own > before.memberRevision && member.lastHiddenSeq > 0,
  );
  return hidden.after(
    userId,
    moved.map(({ membership: { conversation }, before }) => ({
      conversationId: conversation._id,
      own: before.memberRevision,
    })),
  );
}

/** Builds the reading of what has changed: the numbers are known, so the content is at least as new as they are. */
export function createSyncReading(deps: Deps): SyncReading {
  const { membersOf, messagesOf, conversationViews } = deps;
  return {
    async read(userId, steps) {
      const known = steps.filter(isKnown);
      const records = recordsOf(deps, known);
      const [messages, members, hiddenMessages, conversations] = await Promise.all([
        messagesOf(known, records),
        Promise.all(steps.map((step) => membersOf(step, records))),
        hiddenOf(deps, userId, known.filter(isContinued)),
        conversationViews.of(
          userId,
          steps.map(({ membership }) => membership),
        ),
      ]);
      const hiddenIds = grouped(hiddenMessages);
      return steps.map((step, place) => {
        const conversation = conversations[place];
        if (!conversation) throw new Error('A conversation without a view');
        const { lastMessage } = conversation;
        // One that the device has never held comes with its newest message alone.
        const newest = lastMessage ? [lastMessage] : [];
        return {
          conversation,
          messages: isKnown(step) ? (messages.byConversation.get(idOf(step)) ?? []) : newest,
          limited: !isKnown(step) || messages.limited.has(idOf(step)),
          ...(members[place] ?? { members: null, removedMemberIds: [] }),
          hiddenMessageIds: (hiddenIds.get(idOf(step)) ?? []).map(({ messageId }) => messageId),
        };
      });
    },
  };
}
