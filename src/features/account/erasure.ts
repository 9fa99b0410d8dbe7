import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Queue } from '../../jobs/queue.js';
import { createWorker, type Worker } from '../../kernel/worker.js';
import type { Mails } from '../auth/mails.service.js';
import { reservationKeys } from '../../rules/uploads.js';
import type { UploadRepository } from '../../repositories/uploads/upload-repository.js';
import type { Groups } from '../groups/groups.service.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Reactions } from '../reactions/reactions.service.js';
import type { Accounts } from '../users/accounts.service.js';
import type { AccountRepository } from '../../repositories/account/account-repository.js';

interface Deps {
  repository: Pick<AccountRepository, 'forgetRelations' | 'forgetOwn'>;
  accounts: Pick<Accounts, 'dueForErasure' | 'beginErasing' | 'erase'>;
  conversations: Pick<Conversations, 'groupRoomsOf'>;
  groups: Pick<Groups, 'leave'>;
  reactions: Pick<Reactions, 'forget'>;
  mails: Pick<Mails, 'post'>;
  jobs: Pick<Queue<{ erasure: object }>, 'add'>;
  uploads: Pick<UploadRepository, 'discardUnattached' | 'discardReservation'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  onError: (error: unknown) => void;
}

/** The erasure of accounts: what looks for those whose time has come, and what erases one, which is a job. */
export interface Erasure extends Pick<Worker, 'wake' | 'start' | 'stop'> {
  /** May be done twice, by any process. */
  erase(userId: string): Promise<void>;
}

const everyMs = 10_000;
const atOnce = 100;

/** Builds the erasure: what it does may be done twice, and it ends when a whole walk finds nothing. */
export function createErasure(deps: Deps): Erasure {
  const { repository, accounts, conversations, groups, reactions, mails, jobs, uploads, bus, onError } = deps;

  /** Owned groups pass on, and one without others is erased. */
  async function leaveGroups(userId: string): Promise<number> {
    const ids = await conversations.groupRoomsOf(userId);
    for (const id of ids) await groups.leave(userId, id);
    return ids.length;
  }

  async function forgetRelations(userId: string): Promise<number> {
    const { count, ownerIds } = await repository.forgetRelations(userId);
    for (const ownerId of ownerIds) bus.publish('contact.updated', { ownerId, userId, contact: null, blocked: false });
    return count;
  }

  /** Everything that refers to an account and is not to stay; gives how much there was. */
  async function walk(userId: string): Promise<number> {
    const left = await leaveGroups(userId);
    const forgotten =
      (await forgetRelations(userId)) + (await reactions.forget(userId)) + (await repository.forgetOwn(userId));
    // What others hold in their conversations stays, as the messages do.
    const dropped =
      (await uploads.discardUnattached(userId)) + (await uploads.discardReservation(reservationKeys.avatar(userId)));
    return left + forgotten + dropped;
  }

  async function erase(userId: string): Promise<void> {
    const account = await accounts.beginErasing(userId);
    if (!account) return;
    while ((await walk(userId)) > 0);
    // One receipt, by its id, however often this is repeated.
    await mails.post([
      { id: userId, kind: 'account_erased', userId, to: account.email, locale: account.erasureLocale },
    ]);
    const user = await accounts.erase(userId);
    if (!user) return;
    const { presence: _unsaid, ...shown } = user;
    bus.publish('user.updated', { user: shown, cannotSeeIds: [] });
    // Whoever has brought him into something meanwhile saw him before he was gone.
    await walk(userId);
  }

  async function work(): Promise<void> {
    const due = await accounts.dueForErasure(atOnce);
    if (due.length > 0)
      await jobs.add(
        'erasure',
        due.map((key) => ({ key, data: {} })),
      );
  }

  return { ...createWorker({ everyMs, work, onError }), erase };
}
