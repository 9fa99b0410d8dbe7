/** Runs the corpus against the embedded store, or against the MongoDB that MONGODB_URI names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayExpressionCases } from './array-expression.cases.js';
import { arrayCases } from './array.cases.js';
import type { Case } from './case.js';
import { expressionCases } from './expression.cases.js';
import { findAndModifyCases } from './find-and-modify.cases.js';
import { findCases } from './find.cases.js';
import { groupCases } from './group.cases.js';
import { indexCases } from './index.cases.js';
import { insertDeleteCases } from './insert-delete.cases.js';
import { lookupCases } from './lookup.cases.js';
import { projectionCases } from './projection.cases.js';
import { queryCases } from './query.cases.js';
import { openTarget, runCase, type Target } from './run-case.js';
import { sortCases } from './sort.cases.js';
import { stageCases } from './stage.cases.js';
import { stringCases } from './string.cases.js';
import { updateArrayCases } from './update-array.cases.js';
import { updateCommandCases } from './update-command.cases.js';
import { updateCases } from './update.cases.js';

const topics: Readonly<Record<string, readonly Case[]>> = {
  queries: queryCases,
  arrays: arrayCases,
  updates: updateCases,
  'array updates': updateArrayCases,
  expressions: expressionCases,
  'arrays and objects': arrayExpressionCases,
  strings: stringCases,
  stages: stageCases,
  groups: groupCases,
  lookups: lookupCases,
  sorting: sortCases,
  projections: projectionCases,
  finding: findCases,
  'update commands': updateCommandCases,
  'inserts and deletes': insertDeleteCases,
  findAndModify: findAndModifyCases,
  indexes: indexCases,
};

let target: Target;
beforeAll(async () => {
  target = await openTarget('cases');
});
afterAll(async () => {
  await target.close();
});

describe.each(Object.entries(topics))('(8.6) %s', (topic, cases: readonly Case[]) => {
  it.each(cases.map((test, at) => ({ ...test, at })))('$name', async (test) => {
    await runCase(target, test, `${topic.replaceAll(' ', '_')}_${test.at}`);
  });
});

describe('(8.6) the corpus', () => {
  it('has at least 500 cases, each with a page of the manual', () => {
    const all = Object.values(topics).flat();
    expect(all.length).toBeGreaterThanOrEqual(500);
    expect(all.filter(({ page }) => !/^[\w/.$#-]+$/.test(page))).toEqual([]);
  });
});
