import type { Actor } from '../../kernel/actor.js';
import { Problem } from '../../kernel/problem.js';
import { requireAccount, requirePassword } from '../auth/requirements.js';
import type { Attempts } from '../auth/attempts.service.js';
import type { Passwords } from '../auth/passwords.js';
import type { Contacts } from '../contacts/contacts.service.js';
import type { Groups } from '../groups/groups.service.js';
import type { UploadRepository } from '../../repositories/uploads/upload-repository.js';
import type { Sessions } from '../sessions/sessions.service.js';
import type { Accounts } from '../users/accounts.service.js';
import type { AccountRepository } from '../../repositories/account/account-repository.js';
import type { DeleteAccount, ErasurePreview } from '@causerie/contract/account';
import type { Erasure } from './erasure.js';
import type { Locale } from '@causerie/contract/problem-codes';

interface Deps {
  repository: Pick<AccountRepository, 'conversationsOf' | 'countMessages' | 'countNotifications'>;
  accounts: Accounts;
  sessions: Pick<Sessions, 'end'>;
  attempts: Attempts;
  passwords: Pick<Passwords, 'matches'>;
  contacts: Pick<Contacts, 'relationsOf'>;
  groups: Pick<Groups, 'successorsOf'>;
  uploads: Pick<UploadRepository, 'countOf'>;
  erasure: Pick<Erasure, 'wake'>;
  /** ACCOUNT_ERASURE_DELAY, in milliseconds. */
  delayMs: number;
}

export interface Deletion {
  /**
   * Hides the account and ends its sessions; logging in before `erasureAt` takes that back. With `dryRun` it tells what
   * would go and what stays. Throws `wrong_password` and `rate_limited`.
   */
  request(
    actor: Actor,
    input: DeleteAccount,
    locale: Locale,
  ): Promise<{ later: { erasureAt: string } } | { now: ErasurePreview }>;
}

/** Builds the deletion of one's own account. */
export function createDeletion(deps: Deps): Deletion {
  const { repository, accounts, sessions, attempts, passwords, contacts, groups, uploads, erasure, delayMs } = deps;

  async function preview(userId: string): Promise<ErasurePreview> {
    const conversationIds = await repository.conversationsOf(userId);
    const [messages, notifications, people, successors, uploaded] = await Promise.all([
      repository.countMessages(userId, conversationIds),
      repository.countNotifications(userId),
      contacts.relationsOf(userId),
      groups.successorsOf(userId),
      uploads.countOf(userId),
    ]);
    return {
      messages,
      uploads: uploaded,
      contacts: (await people.contacts.read()).length,
      notifications,
      groupsPassedOn: successors.flatMap(({ conversationId, successorId }) =>
        successorId === null ? [] : [{ conversationId, userId: successorId }],
      ),
      groupsErased: successors.flatMap(({ conversationId, successorId }) =>
        successorId === null ? [conversationId] : [],
      ),
    };
  }

  return {
    async request(actor, { password, dryRun }, erasureLocale) {
      const account = await requireAccount(accounts, actor);
      await requirePassword({ attempts, passwords }, account, password);
      if (dryRun) return { now: await preview(actor.userId) };
      const erasureAt = new Date(Date.now() + delayMs);
      if (!(await accounts.leave(account, { erasureAt, erasureLocale }))) throw new Problem('unauthenticated');
      await sessions.end(actor.userId, { allBut: null }, 'account_deleted');
      if (delayMs === 0) erasure.wake();
      return { later: { erasureAt: erasureAt.toISOString() } };
    },
  };
}
