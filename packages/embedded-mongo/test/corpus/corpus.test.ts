/** The corpus, against the embedded store or the MongoDB that MONGODB_URI names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Case } from './case.js';
import { openTarget, runCase, type Target } from './run-case.js';
import { TOPICS } from './topics.js';

let target: Target;
beforeAll(async () => {
  target = await openTarget('cases');
});
afterAll(async () => {
  await target.close();
});

describe.each(Object.entries(TOPICS))('(8.6) %s', (topic, cases: readonly Case[]) => {
  it.each(cases.map((test, at) => ({ ...test, at })))('$name', async (test) => {
    await runCase(target, test, `${topic.replaceAll(' ', '_')}_${test.at}`);
  });
});

describe('(8.6) the corpus', () => {
  it('has at least 500 cases, each resting on a page', () => {
    const all = Object.values(TOPICS).flat();
    expect(all.length).toBeGreaterThanOrEqual(500);
    expect(all.filter(({ page }) => !/^[\w/.$#-]+$/.test(page))).toEqual([]);
  });
});
