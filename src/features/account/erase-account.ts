import type { DomainEvents } from '../../domain-events.js';
import type { Queue } from '../../jobs/queue.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { createWorker, type Worker } from '../../kernel/worker.js';
import type { Repositories } from '../../repositories/repositories.js';
import { reservationKeys } from '../../rules/uploads.js';
import type { Mails } from '../auth/mails.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Groups } from '../groups/groups.service.js';
import type { Reactions } from '../reactions/reactions.service.js';
import type { Accounts } from '../users/accounts.js';

interface Deps {
  repositories: Pick<Repositories, 'relations' | 'notifications' | 'hidden' | 'sessions' | 'jobs' | 'uploads'>;
  accounts: Pick<Accounts, 'dueForErasure' | 'beginErasing' | 'erase'>;
  conversations: Pick<Conversations, 'groupRoomsOf'>;
  groups: Pick<Groups, 'leave'>;
  reactions: Pick<Reactions, 'forget'>;
  mails: Pick<Mails, 'post'>;
  jobs: Pick<Queue<{ erasure: object }>, 'add'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  onError: (error: unknown) => void;
}

/** Erases accounts: looks for those that are due, and erases each in a job. */
export interface EraseAccount extends Pick<Worker, 'wake' | 'start' | 'stop'> {
  /** Can be repeated, by any process. */
  erase(userId: string): Promise<void>;
}

/** Erases the rows of a user in one repository and returns their number; null if none are to be erased there. */
type Eraser = ((userId: string) => Promise<number>) | null;

const everyMs = 10_000;
const atOnce = 100;

/** What is erased of an account, in this order; a repository without an answer here does not compile. */
function createErasers({
  repositories,
  conversations,
  groups,
  reactions,
  bus,
}: Deps): Record<keyof Repositories, Eraser> {
  const { relations, notifications, hidden, sessions, jobs, uploads } = repositories;
  return {
    // Owned groups pass to a successor, and those without other members are deleted.
    async groups(userId) {
      const ids = await conversations.groupRoomsOf(userId);
      for (const id of ids) await groups.leave(userId, id);
      return ids.length;
    },
    async relations(userId) {
      const { count, ownerIds } = await relations.eraseUser(userId);
      for (const ownerId of ownerIds)
        bus.publish('contact.updated', { ownerId, userId, contact: null, blocked: false });
      return count;
    },
    reactions: reactions.forget,
    notifications: notifications.eraseUser,
    hidden: hidden.eraseUser,
    sessions: sessions.eraseUser,
    // The mail that confirms the erasure is sent after it.
    jobs: (userId) => jobs.eraseOwner(userId, 'account_erased'),
    // Attachments stay, as their messages do.
    async uploads(userId) {
      const unattached = await uploads.discardUnattached(userId);
      return unattached + (await uploads.discardReservation(reservationKeys.avatar(userId)));
    },
    // The row of the user is emptied last, and the quota shrinks with the uploads.
    users: null,
    quotas: null,
    // Others keep their conversations with a deleted account.
    conversations: null,
    members: null,
    memberChanges: null,
    messages: null,
    messageChanges: null,
    reactionSummaries: null,
    changes: null,
    search: null,
    // Attempts expire within a day.
    attempts: null,
    // Nothing in these belongs to a user.
    checkpoints: null,
  };
}

/** Each step can be repeated, and erasing ends when none finds anything. */
export function createEraseAccount(deps: Deps): EraseAccount {
  const { accounts, mails, jobs, bus, onError } = deps;
  const erasers = createErasers(deps);

  /** Runs all erasers; returns how much they have found. */
  async function eraseOnce(userId: string): Promise<number> {
    let count = 0;
    for (const eraser of Object.values(erasers)) count += (await eraser?.(userId)) ?? 0;
    return count;
  }

  async function erase(userId: string): Promise<void> {
    const account = await accounts.beginErasing(userId);
    if (!account) return;
    while ((await eraseOnce(userId)) > 0);
    // One mail, by its id, however often this is repeated.
    await mails.post([
      { id: userId, kind: 'account_erased', userId, to: account.email, locale: account.erasureLocale },
    ]);
    const user = await accounts.erase(userId);
    if (!user) return;
    const { presence: _redacted, ...shown } = user;
    bus.publish('user.updated', { user: shown, cannotSeeIds: [] });
    // Others may have added the user to something before the account was erased.
    await eraseOnce(userId);
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
