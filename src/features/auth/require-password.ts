import type { Actor } from '../../kernel/actor.js';
import { invalidInput, Problem } from '../../kernel/problem.js';
import type { Account, Accounts } from '../users/accounts.js';
import type { Attempts } from './attempts.js';
import type { Passwords } from './passwords.js';

/** The same problem for a link that was used, replaced, has expired or never existed. */
export function deadLink(): Problem {
  return invalidInput('body.token', {
    en: 'This link was already used, was replaced, or has expired. Request a new one.',
    fr: 'Ce lien a déjà servi, a été remplacé ou a expiré. Demandez-en un nouveau.',
  });
}

/** The caller's account; throws `unauthenticated` if it is gone. */
export async function requireAccount(accounts: Pick<Accounts, 'byId'>, actor: Actor): Promise<Account> {
  const account = await accounts.byId(actor.userId);
  if (!account) throw new Problem('unauthenticated');
  return account;
}

/** Checks the password again; a wrong one counts as an attempt. Throws `wrong_password` or `rate_limited`. */
export async function requirePassword(
  { attempts, passwords }: { attempts: Attempts; passwords: Pick<Passwords, 'matches'> },
  account: Account,
  password: string,
): Promise<void> {
  const isRight = await attempts.guarded({ id: account.id }, () => passwords.matches(password, account.passwordHash));
  if (!isRight) throw new Problem('wrong_password');
}
