import type { Actor } from '../../kernel/actor.js';
import { Problem } from '../../kernel/problem.js';
import { requireAccount, requirePassword } from '../auth/require-password.js';
import type { Attempts } from '../auth/attempts.js';
import type { Passwords } from '../auth/passwords.js';
import type { Contacts } from '../contacts/contacts.service.js';
import type { Groups } from '../groups/groups.service.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRepository } from '../../repositories/messages/message-repository.js';
import type { NotificationRepository } from '../../repositories/notifications/notification-repository.js';
import type { UploadRepository } from '../../repositories/uploads/upload-repository.js';
import type { Sessions } from '../sessions/sessions.service.js';
import type { Accounts } from '../users/accounts.js';
import type { DeleteAccount, ErasurePreview } from '@causerie/contract/account';
import type { EraseAccount } from './erase-account.js';
import type { Locale } from '@causerie/contract/problem-codes';

interface Deps {
  repositories: {
    members: Pick<MemberRepository, 'conversationsEverOf'>;
    messages: Pick<MessageRepository, 'countSentBy'>;
    notifications: Pick<NotificationRepository, 'count'>;
    uploads: Pick<UploadRepository, 'countOf'>;
  };
  accounts: Accounts;
  sessions: Pick<Sessions, 'end'>;
  attempts: Attempts;
  passwords: Pick<Passwords, 'matches'>;
  contacts: Pick<Contacts, 'relationsOf'>;
  groups: Pick<Groups, 'successorsOf'>;
  erasure: Pick<EraseAccount, 'wake'>;
  /** ACCOUNT_ERASURE_DELAY, in milliseconds. */
  delayMs: number;
}

/**
 * Hides the account and ends its sessions; logging in before `erasureAt` cancels that. With `dryRun`, only returns what
 * would be erased. Throws `wrong_password` and `rate_limited`.
 */
export type RequestDeletion = (
  actor: Actor,
  input: DeleteAccount,
  locale: Locale,
) => Promise<{ later: { erasureAt: string } } | { now: ErasurePreview }>;

export function createDeleteAccount(deps: Deps): RequestDeletion {
  const { repositories, accounts, sessions, attempts, passwords, contacts, groups, erasure, delayMs } = deps;
  const { members, messages, notifications, uploads } = repositories;

  async function preview(userId: string): Promise<ErasurePreview> {
    const conversationIds = await members.conversationsEverOf(userId);
    const [sent, notified, people, successors, uploaded] = await Promise.all([
      messages.countSentBy(userId, conversationIds),
      notifications.count(userId),
      contacts.relationsOf(userId),
      groups.successorsOf(userId),
      uploads.countOf(userId),
    ]);
    return {
      messages: sent,
      uploads: uploaded,
      contacts: (await people.contacts.read()).length,
      notifications: notified,
      groupsPassedOn: successors.flatMap(({ conversationId, successorId }) =>
        successorId === null ? [] : [{ conversationId, userId: successorId }],
      ),
      groupsErased: successors.flatMap(({ conversationId, successorId }) =>
        successorId === null ? [conversationId] : [],
      ),
    };
  }

  return async function deleteAccount(actor, { password, dryRun }, erasureLocale) {
    const account = await requireAccount(accounts, actor);
    await requirePassword({ attempts, passwords }, account, password);
    if (dryRun) return { now: await preview(actor.userId) };
    const erasureAt = new Date(Date.now() + delayMs);
    if (!(await accounts.requestDeletion(account, { erasureAt, erasureLocale }))) throw new Problem('unauthenticated');
    await sessions.end(actor.userId, { allBut: null }, 'account_deleted');
    if (delayMs === 0) erasure.wake();
    return { later: { erasureAt: erasureAt.toISOString() } };
  };
}
