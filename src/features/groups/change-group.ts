/** Changes groups, one change at a time. A change is on the row of its group until it is complete, so any process can complete it. */
import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { notFound } from '../../kernel/problem.js';
import type { GroupReceipts } from '../../log/project.js';
import type { Log } from '../../log/log.js';
import type {
  ConversationRepository,
  ConversationRow,
} from '../../repositories/conversations/conversation-repository.js';
import type { GroupChange } from '../../repositories/conversations/group-change.js';
import type { GroupRepository, Proposal } from '../../repositories/conversations/group-repository.js';
import type { MemberChangeRepository } from '../../repositories/members/member-change-repository.js';
import { reservationKeys } from '../../rules/uploads.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Reservations } from '../media/reservations.js';
import type { Messages } from '../messages/messages.service.js';
import type { GroupPublisher } from './publish-group.js';

interface Deps {
  repositories: {
    groups: Pick<GroupRepository, 'byId' | 'propose' | 'complete'>;
    memberChanges: Pick<MemberChangeRepository, 'join' | 'end' | 'setRoles'>;
    conversations: Pick<ConversationRepository, 'raiseCannotSee'>;
  };
  conversations: Pick<Conversations, 'removals' | 'freezeReceiptsOf'>;
  messages: Pick<Messages, 'publisher'>;
  log: Pick<Log, 'appendSystem' | 'change'>;
  groupReceipts: Pick<GroupReceipts, 'raise'>;
  reservations: Pick<Reservations, 'attach' | 'dropOne'>;
  publisher: GroupPublisher;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  /** Waits until everything that was allowed before has been committed or rejected. */
  drained(): Promise<void>;
}

export interface ChangeGroup {
  /**
   * Writes and publishes what `decide` makes of the row of a group; decides again if another change came first. Returns
   * null if there is nothing to change. Throws `not_found`, and what `decide` throws.
   */
  change(id: string, decide: (group: ConversationRow) => Promise<Proposal | null>): Promise<GroupChange | null>;
  /** The row of a group once its pending change is complete; throws `not_found`. */
  loadComplete(id: string): Promise<ConversationRow>;
  /** Completes the pending change of a group. */
  complete(group: ConversationRow, change: GroupChange): Promise<void>;
}

/** The steps that complete a change; each can be repeated by any process. */
function createSteps(deps: Deps) {
  const { repositories, conversations, reservations, groupReceipts, bus } = deps;
  const { memberChanges } = repositories;

  return {
    async usePhoto({ _id, photo }: ConversationRow, { replacedPhoto }: GroupChange): Promise<void> {
      if (photo) await reservations.attach(reservationKeys.photo(_id), photo._id);
      if (replacedPhoto) await reservations.dropOne(replacedPhoto);
    },
    /** Removed members stop receiving events, and their queued messages are rejected, before anyone is notified. */
    async endMemberships(conversationId: string, change: GroupChange): Promise<void> {
      if (change.ending.length === 0) return;
      await memberChanges.end(change);
      const reason = change.system.kind === 'member_left' ? 'left' : 'removed';
      for (const { userId } of change.ending) {
        conversations.removals.recordRemoval(conversationId, userId);
        bus.publish('membership.ended', { conversationId, userId, reason });
      }
      await deps.drained();
      await groupReceipts.raise([conversationId]);
    },
    /** New members see the log from the system message on that announces them; founding members see all of it. */
    async beginMemberships(conversationId: string, change: GroupChange, seq: number): Promise<void> {
      const { joining, system } = change;
      if (joining.length === 0) return;
      const isFounding = system.kind === 'group_created';
      if (!isFounding) await repositories.conversations.raiseCannotSee(conversationId, seq - 1);
      await memberChanges.join(conversationId, change, isFounding ? 0 : seq - 1);
      await conversations.freezeReceiptsOf(joining);
      bus.publish('membership.begun', { conversationId, userIds: joining });
    },
  };
}

/** Completes a change: applies it to the members, writes it to the log and publishes it. */
function createCompletion(deps: Deps): ChangeGroup['complete'] {
  const { repositories, log, messages, publisher } = deps;
  const { groups, memberChanges } = repositories;
  const { usePhoto, endMemberships, beginMemberships } = createSteps(deps);

  return async function complete(group, change) {
    const { _id: conversationId } = group;
    const { _id: changeId, system, joining, ending, roles } = change;
    const isFounding = system.kind === 'group_created';
    await usePhoto(group, change);
    await endMemberships(conversationId, change);
    if (!isFounding) await memberChanges.setRoles(conversationId, change);
    const draft = { conversationId, changeId, system };
    const { seq } = await log.appendSystem(draft, (committed) => messages.publisher.system(committed));
    await beginMemberships(conversationId, change, seq);
    if (isFounding) {
      await groups.complete(conversationId, changeId, 0);
      return publisher.created(group, change);
    }
    const userIds = [...joining, ...[...ending, ...roles].map(({ userId }) => userId)];
    await log.change(
      { conversationId, messageId: null, userIds, changeId },
      {
        finish: ({ rev }) => groups.complete(conversationId, changeId, rev),
        announce: ({ rev }) => publisher.changed(group, change, rev),
      },
    );
  };
}

export function createChangeGroup(deps: Deps): ChangeGroup {
  const { groups } = deps.repositories;
  const completeOnce = createCompletion(deps);
  const running = new Map<string, Promise<void>>();

  /** Waits for a change that this process is completing already. */
  function complete(group: ConversationRow, change: GroupChange): Promise<void> {
    const known = running.get(change._id);
    if (known) return known;
    const completion = completeOnce(group, change).finally(() => running.delete(change._id));
    running.set(change._id, completion);
    return completion;
  }

  async function loadComplete(id: string): Promise<ConversationRow> {
    for (;;) {
      const group = await groups.byId(id);
      if (!group) throw notFound();
      if (!group.pending) return group;
      await complete(group, group.pending);
    }
  }

  return {
    complete,
    loadComplete,
    async change(id, decide) {
      for (;;) {
        const group = await loadComplete(id);
        const proposal = await decide(group);
        if (!proposal) return null;
        const changed = await groups.propose(group, proposal);
        if (!changed?.pending) continue;
        await complete(changed, changed.pending);
        return changed.pending;
      }
    },
  };
}
