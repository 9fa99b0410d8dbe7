import type { Actor } from '../../kernel/actor.js';
import { Problem } from '../../kernel/problem.js';
import type { Device } from '../sessions/device.js';
import type { Tokens } from '@causerie/contract/sessions';
import type { Sessions } from '../sessions/sessions.service.js';
import type { Account, Accounts } from '../users/accounts.js';
import type { Attempts } from './attempts.js';
import type { AuthResult, Login, Register } from '@causerie/contract/auth';
import { type Mails, newLinkId, verifyTtlMs } from './mails.js';
import type { PasswordRules } from './password-rules.js';
import type { Passwords } from './passwords.js';
import type { Locale } from '@causerie/contract/problem-codes';

interface Deps {
  accounts: Accounts;
  sessions: Sessions;
  passwords: Passwords & PasswordRules;
  attempts: Attempts;
  mails: Pick<Mails, 'post'>;
  isRegistrationOpen: boolean;
}

/** The device that signs in, and the language of its user. */
export interface Caller extends Omit<Device, 'deviceName'> {
  locale: Locale;
}

export interface Auth {
  /** Throws `forbidden` if registration is closed, `weak_password`, `email_taken`, `username_taken`, `rate_limited`. */
  register(input: Register, caller: Caller): Promise<AuthResult>;
  /** Throws `invalid_credentials` for any mismatch, and `rate_limited`. */
  login(input: Login, caller: Caller): Promise<AuthResult>;
  refresh(refreshToken: string, ip: string): Promise<Tokens>;
  logout(actor: Actor): Promise<void>;
}

export function createAuth({ accounts, sessions, passwords, attempts, mails, isRegistrationOpen }: Deps): Auth {
  async function signIn(account: Account, device: Device): Promise<AuthResult> {
    const { tokens, session } = await sessions.start(account.id, device);
    return { ...tokens, user: account.me, session };
  }

  return {
    async register(input, caller) {
      await attempts.spendAddress(caller.ip);
      if (!isRegistrationOpen) {
        throw new Problem('forbidden', {
          sentence: {
            en: 'Registration is closed. Ask the operator of this server for an account.',
            fr: 'Les inscriptions sont fermées. Demandez un compte à l’administrateur du serveur.',
          },
        });
      }
      const { email, username, password } = input;
      await passwords.require(password, { email, username }, 'password');
      const madeAt = new Date();
      const id = newLinkId();
      const account = await accounts.create({
        email,
        username,
        displayName: input.displayName ?? username,
        passwordHash: await passwords.hash(password),
        verifyLink: { id, madeAt, expiresAt: new Date(madeAt.getTime() + verifyTtlMs), usedAt: null, email },
      });
      await mails.post([{ id, kind: 'verify', userId: account.id, to: email, locale: caller.locale }]);
      const { userAgent, ip } = caller;
      return signIn(account, { deviceName: input.deviceName ?? null, userAgent, ip });
    },
    async login({ identifier, password, deviceName }, { ip, userAgent }) {
      await attempts.spendAddress(ip);
      const account = await accounts.byIdentifier(identifier);
      const storedHash = account?.isActive || account?.isLeaving ? account.passwordHash : null;
      const counted = account ? { id: account.id } : { identifier };
      const isRight = await attempts.guarded(counted, () => passwords.matches(password, storedHash));
      if (!account || !isRight) throw new Problem('invalid_credentials');
      // Logging in before the erasure is due cancels the deletion; after that there is no account.
      if (account.isLeaving && !(await accounts.cancelDeletion(account.id))) throw new Problem('invalid_credentials');
      const result = await signIn(account, { deviceName: deviceName ?? null, userAgent, ip });
      // Disabling an account or changing its password ends its sessions; this one may have been created after that.
      const now = await accounts.byId(account.id);
      if (now?.credentialVersion !== account.credentialVersion) {
        await sessions.end(account.id, { ids: [result.session.id] }, now?.isActive ? 'password_changed' : 'disabled');
        throw new Problem('invalid_credentials');
      }
      return result;
    },
    refresh: (refreshToken, ip) => sessions.refresh(refreshToken, ip),
    async logout(actor) {
      await sessions.end(actor.userId, { ids: [actor.sessionId] }, 'logout');
    },
  };
}
