import type { Actor } from '../../kernel/actor.js';
import { Problem } from '../../kernel/problem.js';
import type { Sessions } from '../sessions/sessions.service.js';
import type { Accounts } from '../users/accounts.js';
import { isValidLink } from '../../rules/mail-links.js';
import type { Attempts } from './attempts.js';
import type { ChangePassword, ResetPassword } from '@causerie/contract/auth';
import type { MailTokens } from './mail-tokens.js';
import { type Mails, newLinkId } from './mails.js';
import type { PasswordRules } from './password-rules.js';
import type { Passwords } from './passwords.js';
import { deadLink, requireAccount, requirePassword } from './require-password.js';
import type { Locale } from '@causerie/contract/problem-codes';

interface Deps {
  accounts: Accounts;
  sessions: Pick<Sessions, 'end'>;
  passwords: Passwords & PasswordRules;
  attempts: Attempts;
  mails: Pick<Mails, 'post'>;
  tokens: Pick<MailTokens, 'read'>;
}

export interface PasswordRecovery {
  /** Requests a link that resets the password of the account with this address, if there is one. */
  forgotPassword(email: string, caller: { ip: string; locale: Locale }): Promise<void>;
  /** Sets a new password by such a link and ends all sessions. Throws `invalid_input` or `weak_password`. */
  resetPassword(input: ResetPassword): Promise<void>;
  /** Ends the other sessions. Throws `wrong_password`, `weak_password` or `rate_limited`. */
  changePassword(actor: Actor, input: ChangePassword): Promise<void>;
}

/** The ways to a new password: by a link, or by the old one. */
export function createPasswordRecovery(deps: Deps): PasswordRecovery {
  const { accounts, sessions, passwords, attempts, mails, tokens } = deps;
  return {
    async forgotPassword(email, { ip, locale }) {
      await attempts.spendAddress(ip);
      // One write and nothing else: the account is looked up when the mail is sent, so the time reveals nothing.
      await mails.post([{ id: newLinkId(), kind: 'reset', userId: null, to: email, locale }]);
    },
    async resetPassword({ token, password }) {
      const claims = tokens.read('reset', token);
      const account = claims && (await accounts.byId(claims.userId));
      if (!claims || !account?.isActive || !isValidLink(account.resetLink, claims.linkId, new Date())) throw deadLink();
      await passwords.require(password, account, 'password');
      const changed = await accounts.resetPassword(account.id, claims.linkId, await passwords.hash(password));
      if (!changed) throw deadLink();
      await sessions.end(account.id, { allBut: null }, 'password_reset');
    },
    async changePassword(actor, { currentPassword, newPassword }) {
      const account = await requireAccount(accounts, actor);
      await requirePassword({ attempts, passwords }, account, currentPassword);
      await passwords.require(newPassword, account, 'newPassword');
      const passwordHash = await passwords.hash(newPassword);
      const changed = await accounts.setPassword(account.id, passwordHash, account.credentialVersion);
      if (!changed) throw new Problem('wrong_password');
      await sessions.end(account.id, { allBut: actor.sessionId }, 'password_changed');
    },
  };
}
