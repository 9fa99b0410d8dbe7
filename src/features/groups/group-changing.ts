import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { notFound } from '../../kernel/problem.js';
import type { Log } from '../../log/log.js';
import type { GroupReceipts } from '../../log/project.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { GroupChange } from '../../repositories/conversations/group-change.js';
import type { Messages } from '../messages/messages.service.js';
import type { Reservations } from '../media/reservations.js';
import { claims } from '../../rules/reservation-keys.js';
import type { GroupPublisher } from './group-publisher.js';
import type { GroupRepository, Proposal } from '../../repositories/conversations/group-repository.js';
import type { MemberChangeRepository } from '../../repositories/members/member-change-repository.js';

interface Deps {
  repository: GroupRepository;
  memberChanges: MemberChangeRepository;
  conversationRepository: Pick<ConversationRepository, 'raiseCannotSee'>;
  conversations: Pick<Conversations, 'removals' | 'freezeReceiptsOf'>;
  messages: Pick<Messages, 'publisher'>;
  log: Pick<Log, 'appendSystem' | 'change'>;
  groupReceipts: Pick<GroupReceipts, 'raise'>;
  publisher: GroupPublisher;
  reservations: Pick<Reservations, 'attach' | 'dropOne' | 'dropConversation'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  /** Waits until nothing can land any more that was allowed before. */
  drained: () => Promise<void>;
  onError: (error: unknown) => void;
}

export interface GroupChanging {
  /**
   * Changes a group: what `decide` makes of its row is written if nobody has changed it meanwhile, else it is asked
   * again. Gives what was written; null where there was nothing to do. Throws `not_found`, and what `decide` throws.
   */
  change(
    conversationId: string,
    decide: (row: ConversationRow) => Promise<Proposal | null>,
  ): Promise<GroupChange | null>;
  /** Finishes a change that is under way. */
  finish(row: ConversationRow, change: GroupChange): Promise<void>;
  /** Deletes a group that `decide` lets go: nobody is in it from then on, and its content is erased in the background. */
  remove(
    conversationId: string,
    decide: (row: ConversationRow) => Promise<void>,
    reason: 'deleted' | 'left',
  ): Promise<void>;
  /** Finishes what was begun before a moment and cut off. */
  completePending(before: Date): Promise<void>;
}

/** Builds the steps of a change. The row of the group comes first and holds all of them, so that any process can go on. */
function createSteps(deps: Deps) {
  const {
    repository,
    memberChanges,
    conversationRepository,
    conversations,
    messages,
    log,
    groupReceipts,
    publisher,
    bus,
  } = deps;

  /** Whoever goes hears nothing more, and nothing of his lands any more, before anybody is told. */
  async function end(conversationId: string, change: GroupChange): Promise<void> {
    await memberChanges.end(change);
    const reason = change.system.kind === 'member_left' ? 'left' : 'removed';
    for (const { userId } of change.ending) {
      conversations.removals.recordRemoval(conversationId, userId);
      bus.publish('membership.ended', { conversationId, userId, reason });
    }
    await deps.drained();
    await groupReceipts.raise([conversationId]);
  }

  /** A join is a place in the log: the message that tells of it is the first that who comes in can see. */
  async function join(row: ConversationRow, change: GroupChange, seq: number): Promise<void> {
    const isFounding = change.system.kind === 'group_created';
    if (!isFounding) await conversationRepository.raiseCannotSee(row._id, seq - 1);
    await memberChanges.join(row._id, change, isFounding ? 0 : seq - 1);
    await conversations.freezeReceiptsOf(change.joining);
    bus.publish('membership.begun', { conversationId: row._id, userIds: change.joining });
  }

  /** The photo that the row names is used from now on, and the one before goes. */
  async function finalizePhoto({ _id, photo }: ConversationRow, { replacedPhoto }: GroupChange): Promise<void> {
    if (photo) await deps.reservations.attach(claims.photo(_id), photo._id);
    if (replacedPhoto) await deps.reservations.dropOne(replacedPhoto);
  }

  return async function finish(row: ConversationRow, change: GroupChange): Promise<void> {
    const conversationId = row._id;
    const { _id: changeId, system, joining, ending, roles } = change;
    await finalizePhoto(row, change);
    if (ending.length > 0) await end(conversationId, change);
    if (system.kind !== 'group_created') await memberChanges.setRoles(row._id, change);
    const draft = { conversationId: row._id, changeId, system };
    const message = await log.appendSystem(draft, (committed) => messages.publisher.system(committed));
    if (joining.length > 0) await join(row, change, message.seq);
    if (system.kind === 'group_created') {
      await repository.complete(row._id, changeId, 0);
      return publisher.created(row, change);
    }
    const userIds = [...joining, ...ending.map(({ userId }) => userId), ...roles.map(({ userId }) => userId)];
    await log.change(
      { conversationId: row._id, messageId: null, userIds, changeId },
      {
        finish: ({ rev }) => repository.complete(row._id, changeId, rev),
        announce: ({ rev }) => publisher.changed(row, change, rev),
      },
    );
  };
}

/** Builds the question for the row of a group with nothing under way. */
function settling(repository: Pick<GroupRepository, 'byId'>, finish: GroupChanging['finish']) {
  return async function settled(conversationId: string): Promise<ConversationRow> {
    for (;;) {
      const row = await repository.byId(conversationId);
      if (!row) throw notFound();
      if (!row.pending) return row;
      await finish(row, row.pending);
    }
  };
}

/**
 * Builds the erasing of what is left of groups. Nobody waits for it, neither who deletes nor a server that starts: it
 * takes as long as there are messages.
 */
function createErasing({ repository, reservations, onError }: Pick<Deps, 'repository' | 'reservations' | 'onError'>) {
  const underWay = new Set<string>();

  /** The files first: the messages name what carried them. */
  async function erase({ _id }: ConversationRow): Promise<void> {
    await reservations.dropConversation(_id);
    await repository.erase(_id);
  }

  return {
    isUnderWay: ({ _id }: ConversationRow): boolean => underWay.has(_id),
    begin(row: ConversationRow): void {
      const key = row._id;
      underWay.add(key);
      void erase(row)
        .catch(onError)
        .finally(() => underWay.delete(key));
    },
  };
}

/** Builds what changes groups: one change after the other, each finished by whoever finds it. */
export function createGroupChanging(deps: Deps): GroupChanging {
  const { repository, memberChanges, conversations, bus } = deps;
  const steps = createSteps(deps);
  const running = new Map<string, Promise<void>>();
  const erasing = createErasing(deps);

  /** Who finds a change that this process is finishing waits for it. */
  function finish(row: ConversationRow, change: GroupChange): Promise<void> {
    const key = change._id;
    const known = running.get(key);
    if (known) return known;
    const finishing = steps(row, change).finally(() => running.delete(key));
    running.set(key, finishing);
    return finishing;
  }

  const settled = settling(repository, finish);

  async function empty(row: ConversationRow, reason: 'deleted' | 'left'): Promise<void> {
    const conversationId = row._id;
    const userIds = await memberChanges.endAll(row._id);
    conversations.removals.recordRemoval(conversationId, null);
    for (const userId of userIds) bus.publish('membership.ended', { conversationId, userId, reason });
    await deps.drained();
  }

  return {
    finish,
    async change(conversationId, decide) {
      for (;;) {
        const row = await settled(conversationId);
        const proposal = await decide(row);
        if (!proposal) return null;
        const changed = await repository.propose(row, proposal);
        if (!changed?.pending) continue;
        await finish(changed, changed.pending);
        return changed.pending;
      }
    },
    async remove(conversationId, decide, reason) {
      for (;;) {
        const row = await settled(conversationId);
        await decide(row);
        if (!(await repository.beginDeletion(row))) continue;
        await empty(row, reason);
        erasing.begin(row);
        return;
      }
    },
    async completePending(before) {
      for (const row of await repository.unfinished(before)) {
        if (row.pending) await finish(row, row.pending);
        if (row.state !== 'deleting' || erasing.isUnderWay(row)) continue;
        await empty(row, 'deleted');
        erasing.begin(row);
      }
    },
  };
}
