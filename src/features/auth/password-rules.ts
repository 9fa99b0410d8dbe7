import type { CommonPasswords } from './common-passwords.js';
import { type PasswordOwner, requireOwnPassword, requireUncommon } from '../../rules/passwords.js';

export interface PasswordRules {
  /** Throws `weak_password`, with the reason, for one that must not be chosen; `field` is where it came in. */
  require(password: string, owner: PasswordOwner, field: string): Promise<void>;
}

/** The rules for a new password, the same whether one signs up, changes or resets it, or an operator sets it. */
export function createPasswordRules(common: CommonPasswords): PasswordRules {
  return {
    async require(password, owner, field) {
      requireOwnPassword(password, owner, field);
      requireUncommon(await common.has(password), field);
    },
  };
}
