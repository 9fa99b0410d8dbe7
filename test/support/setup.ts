import { afterAll, afterEach, expect } from 'vitest';
import { cleanUp } from './cleanup.js';
import { takeViolations } from './violations.js';

afterEach(() => {
  expect(takeViolations()).toEqual([]);
});

// Hooks of this file were registered first and so run last: after a test file has stopped its own servers.
afterAll(async () => {
  await cleanUp();
  expect(takeViolations()).toEqual([]);
});
