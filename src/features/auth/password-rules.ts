import type { CommonPasswords } from './common-passwords.js';
import { type PasswordOwner, requireOwnPassword, requireUncommon } from '../../rules/passwords.js';

export interface PasswordRules {
  /** Throws `weak_password`, with the reason, if a password must not be chosen; `field` is the field of the body. */
  require(password: string, owner: PasswordOwner, field: string): Promise<void>;
}

/** The rules for a new password, the same for signing up, changing and resetting it, and for an operator who sets it. */
export function createPasswordRules(common: CommonPasswords): PasswordRules {
  return {
    async require(password, owner, field) {
      requireOwnPassword(password, owner, field);
      requireUncommon(await common.has(password), field);
    },
  };
}
