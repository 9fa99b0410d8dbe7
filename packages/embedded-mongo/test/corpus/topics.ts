import { ARRAY_CASES } from './array.cases.js';
import { CONTAINER_CASES } from './container.cases.js';
import { EXPRESSION_CASES } from './expression.cases.js';
import { STAGE_CASES } from './stage.cases.js';
import { COMMAND_CASES } from './command.cases.js';
import { WRITE_CASES } from './write.cases.js';
import { QUERY_CASES } from './query.cases.js';
import { UPDATE_ARRAY_CASES } from './update-array.cases.js';
import { UPDATE_CASES } from './update.cases.js';
import { GROUP_CASES } from './group.cases.js';
import { TEXT_CASES } from './text.cases.js';
import { INDEX_CASES } from './index.cases.js';
import type { Case } from './case.js';

/** Every case, by topic. */
export const TOPICS: Readonly<Record<string, readonly Case[]>> = {
  queries: QUERY_CASES,
  arrays: ARRAY_CASES,
  updates: UPDATE_CASES,
  'array updates': UPDATE_ARRAY_CASES,
  expressions: EXPRESSION_CASES,
  'arrays and objects': CONTAINER_CASES,
  texts: TEXT_CASES,
  stages: STAGE_CASES,
  'groups and lookups': GROUP_CASES,
  'finding and sorting': COMMAND_CASES,
  writing: WRITE_CASES,
  indexes: INDEX_CASES,
};
