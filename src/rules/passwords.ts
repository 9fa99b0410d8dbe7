import { passwordLength } from '@causerie/contract/auth';

const minPasswordLength = 10;

/** The owner of a new password. */
export interface PasswordOwner {
  username: string;
  email: string;
}

/** Why a password must not be chosen: it is too short, its owner's name or address, or one of the most common ones. */
export type PasswordRefusal = 'short' | 'name' | 'common';

interface Choice {
  password: string;
  owner: PasswordOwner;
  isCommon: boolean;
}

function isNameOf(password: string, owner: PasswordOwner): boolean {
  const normalize = (text: string): string => text.normalize('NFKC').toLowerCase();
  const [localPart = ''] = owner.email.split('@');
  return [owner.username, owner.email, localPart].map(normalize).includes(normalize(password));
}

/** Why a password must not be chosen; null if it may. */
export function refusalOfPassword({ password, owner, isCommon }: Choice): PasswordRefusal | null {
  if (passwordLength(password) < minPasswordLength) return 'short';
  if (isNameOf(password, owner)) return 'name';
  return isCommon ? 'common' : null;
}
