/** Deletes groups: the members leave at once, and the content is erased in the background. */
import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { GroupRepository } from '../../repositories/conversations/group-repository.js';
import type { MemberChangeRepository } from '../../repositories/members/member-change-repository.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Reservations } from '../media/reservations.js';
import type { ChangeGroup } from './change-group.js';

type DeletionReason = 'deleted' | 'left';

interface Deps {
  repositories: {
    groups: Pick<GroupRepository, 'beginDeletion' | 'eraseRow'>;
    memberChanges: Pick<MemberChangeRepository, 'endAll'>;
  };
  /** Erases the content of a conversation. */
  eraseContent(conversationId: string): Promise<void>;
  changes: Pick<ChangeGroup, 'loadComplete'>;
  conversations: Pick<Conversations, 'removals'>;
  reservations: Pick<Reservations, 'dropConversation'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  /** Waits until everything that was allowed before has been committed or rejected. */
  drained(): Promise<void>;
  /** Called if erasing fails; the next recovery goes on with it. */
  onError(error: unknown): void;
}

export interface DeleteGroup {
  /**
   * Deletes a group if `decide` allows it, and returns false otherwise; decides again if a change came first. Throws
   * `not_found`, and what `decide` throws.
   */
  delete(id: string, decide: (group: ConversationRow) => Promise<boolean>, reason: DeletionReason): Promise<boolean>;
  /** Goes on with a deletion that was interrupted. */
  complete(group: ConversationRow): Promise<void>;
}

/** Erases the content of groups in the background, because that takes as long as there are messages. */
function createErasing({ repositories, eraseContent, reservations, onError }: Deps) {
  const running = new Set<string>();

  async function erase(id: string): Promise<void> {
    // The files go first: the messages name them.
    await reservations.dropConversation(id);
    await eraseContent(id);
    await repositories.groups.eraseRow(id);
  }

  return {
    isRunning: (id: string): boolean => running.has(id),
    begin(id: string): void {
      running.add(id);
      void erase(id)
        .catch(onError)
        .finally(() => running.delete(id));
    },
  };
}

export function createDeleteGroup(deps: Deps): DeleteGroup {
  const { repositories, changes, conversations, bus, drained } = deps;
  const erasing = createErasing(deps);

  async function endMemberships(conversationId: string, reason: DeletionReason): Promise<void> {
    const userIds = await repositories.memberChanges.endAll(conversationId);
    conversations.removals.recordRemoval(conversationId, null);
    for (const userId of userIds) bus.publish('membership.ended', { conversationId, userId, reason });
    await drained();
  }

  return {
    async delete(id, decide, reason) {
      for (;;) {
        const group = await changes.loadComplete(id);
        if (!(await decide(group))) return false;
        if (!(await repositories.groups.beginDeletion(group))) continue;
        await endMemberships(id, reason);
        erasing.begin(id);
        return true;
      }
    },
    async complete({ _id }) {
      if (erasing.isRunning(_id)) return;
      await endMemberships(_id, 'deleted');
      erasing.begin(_id);
    },
  };
}
