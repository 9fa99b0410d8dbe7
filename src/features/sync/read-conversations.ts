import type { SyncedConversation } from '@causerie/contract/sync';
import type { ChangeSummary, ChangeRepository } from '../../repositories/changes/change-repository.js';
import type { HiddenRepository, HiddenRow, Stretch } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRepository } from '../../repositories/messages/message-repository.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import type { Users } from '../users/users.service.js';
import {
  byConversation,
  canContinue,
  type ChangedConversation,
  idOf,
  isStale,
  type StaleConversation,
} from './changed-conversation.js';
import { createReadMembers } from './read-members.js';
import { createReadMessages } from './read-messages.js';

export interface ConversationReads {
  repositories: {
    changes: Pick<ChangeRepository, 'within'>;
    hidden: Pick<HiddenRepository, 'after'>;
    members: Pick<MemberRepository, 'page' | 'among'>;
    messages: Pick<MessageRepository, 'allWithin' | 'withQuoted'>;
  };
  users: Pick<Users, 'refs'>;
  views: { conversationViews: ConversationViews; messageViews: MessageViews; visibility: Visibility };
}

function unseenIn({ membership: { conversation }, known }: StaleConversation): Stretch {
  return { conversationId: conversation._id, above: known.rev, upTo: conversation.rev };
}

/** Reads the content of changed conversations, in their order. The round trips do not grow with their number. */
export function createReadConversations({ repositories, users, views }: ConversationReads) {
  const { changes, hidden, members } = repositories;
  const readMembers = createReadMembers({ members, users });
  const readMessages = createReadMessages({ ...repositories, ...views });

  async function changesOf(stale: readonly StaleConversation[]): Promise<Map<string, ChangeSummary[]>> {
    return byConversation(await changes.within(stale.map(unseenIn).filter(({ above, upTo }) => upTo > above)));
  }

  /** The messages that the user has hidden since. */
  function hiddenOf(userId: string, stale: readonly StaleConversation[]): Promise<HiddenRow[]> {
    const places = stale.flatMap(({ membership: { conversation, member }, known }) =>
      member.own > known.memberRevision && member.lastHiddenSeq > 0
        ? [{ conversationId: conversation._id, memberRevision: known.memberRevision }]
        : [],
    );
    return hidden.after(userId, places);
  }

  return async function readConversations(
    userId: string,
    changed: readonly ChangedConversation[],
  ): Promise<SyncedConversation[]> {
    const stale = changed.filter(isStale);
    const memberships = changed.map(({ membership }) => membership);
    const unseen = changesOf(stale);
    const [synced, membersOf, hiddenRows, conversations] = await Promise.all([
      readMessages(stale, unseen),
      Promise.all(changed.map((one) => readMembers(one, unseen))),
      hiddenOf(userId, stale.filter(canContinue)),
      views.conversationViews.of(userId, memberships),
    ]);
    const hiddenIn = byConversation(hiddenRows);
    return changed.map((one, index) => {
      const conversation = conversations[index];
      if (!conversation) throw new Error('A conversation without a view');
      const { lastMessage } = conversation;
      const id = idOf(one);
      // A conversation that the device does not know comes with its last message alone.
      const newest = lastMessage ? [lastMessage] : [];
      return {
        conversation,
        messages: isStale(one) ? (synced.messages.get(id) ?? []) : newest,
        limited: !isStale(one) || synced.limited.has(id),
        ...(membersOf[index] ?? { members: null, removedMemberIds: [] }),
        hiddenMessageIds: (hiddenIn.get(id) ?? []).map(({ messageId }) => messageId),
      };
    });
  };
}
