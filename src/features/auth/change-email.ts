import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { Problem } from '../../kernel/problem.js';
import { type Accounts, emailKeyOf } from '../users/accounts.js';
import type { Attempts } from './attempts.js';
import type { ChangeEmail } from '@causerie/contract/auth';
import type { MailTokens } from './mail-tokens.js';
import { type Mails, newLinkId, verifyTtlMs } from './mails.js';
import type { Passwords } from './passwords.js';
import { deadLink, requireAccount, requirePassword } from './require-password.js';
import type { Locale } from '@causerie/contract/problem-codes';

interface Deps {
  accounts: Accounts;
  passwords: Pick<Passwords, 'matches'>;
  attempts: Attempts;
  mails: Pick<Mails, 'post'>;
  tokens: Pick<MailTokens, 'read'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

export interface Addresses {
  /** Sends a link to the new address. Throws `wrong_password`, `email_taken` or `rate_limited`. */
  changeEmail(actor: Actor, input: ChangeEmail, locale: Locale): Promise<void>;
  /** Throws `invalid_input` if the link is not valid, and `email_taken`. */
  verifyEmail(token: string): Promise<void>;
  /** Sends a new link to the address that is not verified yet, if there is one. */
  resendVerification(actor: Actor, locale: Locale): Promise<void>;
}

export function createAddresses({ accounts, passwords, attempts, mails, tokens, bus }: Deps): Addresses {
  /** Creates the one link that is valid from now on for an address. */
  async function openVerifyLink(userId: string, email: string): Promise<string> {
    const madeAt = new Date();
    const id = newLinkId();
    const expiresAt = new Date(madeAt.getTime() + verifyTtlMs);
    await accounts.openVerifyLink(userId, { id, madeAt, expiresAt, usedAt: null, email });
    return id;
  }

  return {
    async changeEmail(actor, { password, email }, locale) {
      const account = await requireAccount(accounts, actor);
      await requirePassword({ attempts, passwords }, account, password);
      const holder = await accounts.byEmail(email);
      if (holder && holder.id !== account.id) throw new Problem('email_taken');
      const id = await openVerifyLink(account.id, email);
      const link = { id, kind: 'change_email', userId: account.id, to: email, locale } as const;
      const notice = { id: newLinkId(), kind: 'email_notice', userId: account.id, to: account.email, locale } as const;
      const isSame = emailKeyOf(email) === emailKeyOf(account.email);
      await mails.post(isSame ? [link] : [link, notice]);
    },
    async verifyEmail(token) {
      const claims = tokens.read('verify', token);
      const account = claims && (await accounts.verifyEmail(claims.userId, claims.linkId));
      if (!account) throw deadLink();
      bus.publish('settings.updated', { userId: account.id, me: account.me });
    },
    async resendVerification(actor, locale) {
      const account = await requireAccount(accounts, actor);
      const pending = account.verifyLink?.usedAt === null ? account.verifyLink.email : null;
      const email = pending ?? (account.emailVerified ? null : account.email);
      if (email === null) return;
      const id = await openVerifyLink(account.id, email);
      const kind = email === account.email ? 'verify' : 'change_email';
      await mails.post([{ id, kind, userId: account.id, to: email, locale }]);
    },
  };
}
