import { expect, it } from 'vitest';
import { requireOwnPassword, requireUncommon } from './passwords.js';

const owner = { username: 'ada_lovelace', email: 'Countess.Ada@example.org' };

it.each([
  ['correct horse', null],
  ['0123456789', null],
  ['012345678', 'short'],
  ['😀😀😀😀😀😀😀😀😀', 'short'],
  ['😀😀😀😀😀😀😀😀😀😀', null],
  ['ada_lovelace', 'name'],
  ['ADA_LOVELACE', 'name'],
  ['countess.ada@example.org', 'name'],
  ['Countess.Ada', 'name'],
  ['ada_lovelace1', null],
])('the password %j is refused for: %s', (password, reason) => {
  const choose = (): void => requireOwnPassword(password, owner, 'password');
  if (reason === null) expect(choose).not.toThrow();
  else expect(choose).toThrow(expect.objectContaining({ code: 'weak_password' }));
});

it.each([
  [true, true],
  [false, false],
])('a password that is common (%s) is refused: %s', (isCommon, isRefused) => {
  const choose = (): void => requireUncommon(isCommon, 'password');
  if (isRefused) expect(choose).toThrow(expect.objectContaining({ code: 'weak_password' }));
  else expect(choose).not.toThrow();
});
