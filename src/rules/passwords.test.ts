import { expect, it } from 'vitest';
import { refusalOfPassword } from './passwords.js';

const owner = { username: 'ada_lovelace', email: 'Countess.Ada@example.org' };

it.each([
  ['correct horse', false, null],
  ['0123456789', false, null],
  ['0123456789', true, 'common'],
  ['012345678', false, 'short'],
  ['012345678', true, 'short'],
  ['😀😀😀😀😀😀😀😀😀', false, 'short'],
  ['😀😀😀😀😀😀😀😀😀😀', false, null],
  ['ada_lovelace', false, 'name'],
  ['ADA_LOVELACE', true, 'name'],
  ['countess.ada@example.org', false, 'name'],
  ['Countess.Ada', false, 'name'],
  ['ada_lovelace1', false, null],
])('the password %j (common: %s) is refused for: %s', (password, isCommon, expected) => {
  expect(refusalOfPassword({ password, owner, isCommon })).toBe(expected);
});
