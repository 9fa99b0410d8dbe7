import { Problem } from '../kernel/problem.js';
import { passwordLength } from '@causerie/contract/auth';
import type { Sentence } from '@causerie/contract/problem-codes';

const minPasswordLength = 10;

/** The owner of a new password. */
export interface PasswordOwner {
  username: string;
  email: string;
}

const reasons = {
  short: {
    en: `A password must have at least ${minPasswordLength} characters.`,
    fr: `Un mot de passe doit comporter au moins ${minPasswordLength} caractères.`,
  },
  name: {
    en: 'A password must not be your username or email address. Choose another one.',
    fr: 'Un mot de passe ne doit être ni votre nom d’utilisateur ni votre adresse e-mail. Choisissez-en un autre.',
  },
  common: {
    en: 'This password is too common and easy to guess. Choose another one.',
    fr: 'Ce mot de passe est trop courant et facile à deviner. Choisissez-en un autre.',
  },
} as const satisfies Record<string, Sentence>;

function refuse(field: string, reason: keyof typeof reasons): never {
  const message = reasons[reason];
  throw new Problem('weak_password', { sentence: message, errors: [{ path: `body.${field}`, message }] });
}

function isNameOf(password: string, owner: PasswordOwner): boolean {
  const normalize = (text: string): string => text.normalize('NFKC').toLowerCase();
  const [localPart = ''] = owner.email.split('@');
  return [owner.username, owner.email, localPart].map(normalize).includes(normalize(password));
}

/** Throws `weak_password`, with the reason, if a password is too short or is its owner's name or address. */
export function requireOwnPassword(password: string, owner: PasswordOwner, field: string): void {
  if (passwordLength(password) < minPasswordLength) refuse(field, 'short');
  if (isNameOf(password, owner)) refuse(field, 'name');
}

/** Throws `weak_password` if a password is one of the most common ones. */
export function requireUncommon(isCommon: boolean, field: string): void {
  if (isCommon) refuse(field, 'common');
}
