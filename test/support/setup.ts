import { afterAll, afterEach, expect } from 'vitest';
import { cleanUp } from './cleanup.js';
import { takeViolations } from './violations.js';

afterEach(() => {
  expect(takeViolations()).toEqual([]);
});

// Hooks registered here run last, after a test file has stopped its own servers.
afterAll(async () => {
  await cleanUp();
  expect(takeViolations()).toEqual([]);
});
