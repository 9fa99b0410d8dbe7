import { expect, it } from 'vitest';
import { refusalOfReaction } from './reactions.js';

it.each([
  { isSystem: false, isDeleted: false, refusal: null },
  { isSystem: false, isDeleted: true, refusal: 'forbidden' },
  { isSystem: true, isDeleted: false, refusal: 'forbidden' },
  { isSystem: true, isDeleted: true, refusal: 'forbidden' },
])('a reaction to $isSystem/$isDeleted (system/deleted): $refusal', ({ refusal, ...message }) => {
  expect(refusalOfReaction(message)).toBe(refusal);
});
