import type { Sentence } from '@causerie/contract/problem-codes';
import { Problem } from '../../kernel/problem.js';
import { type PasswordOwner, type PasswordRefusal, refusalOfPassword } from '../../rules/passwords.js';
import type { CommonPasswords } from './common-passwords.js';

export interface PasswordRules {
  /** Throws `weak_password`, with the reason, if a password must not be chosen; `field` is the field of the body. */
  require(password: string, owner: PasswordOwner, field: string): Promise<void>;
}

const reasons: Record<PasswordRefusal, Sentence> = {
  short: {
    en: 'A password must have at least 10 characters.',
    fr: 'Un mot de passe doit comporter au moins 10 caractères.',
  },
  name: {
    en: 'A password must not be your username or email address. Choose another one.',
    fr: 'Un mot de passe ne doit être ni votre nom d’utilisateur ni votre adresse e-mail. Choisissez-en un autre.',
  },
  common: {
    en: 'This password is too common and easy to guess. Choose another one.',
    fr: 'Ce mot de passe est trop courant et facile à deviner. Choisissez-en un autre.',
  },
};

/** The rules for a new password, the same for signing up, changing and resetting it, and for an operator who sets it. */
export function createPasswordRules(common: CommonPasswords): PasswordRules {
  return {
    async require(password, owner, field) {
      const withoutList = refusalOfPassword({ password, owner, isCommon: false });
      // The list is asked last: its first use loads it.
      const refusal = withoutList ?? refusalOfPassword({ password, owner, isCommon: await common.has(password) });
      if (refusal === null) return;
      const message = reasons[refusal];
      throw new Problem('weak_password', { sentence: message, errors: [{ path: `body.${field}`, message }] });
    },
  };
}
