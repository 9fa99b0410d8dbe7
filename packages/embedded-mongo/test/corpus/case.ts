export type Document = Record<string, unknown>;

/** A case of the corpus: the documents, the command, and the result that MongoDB's documentation describes. */
export interface Case {
  name: string;
  /** The page that describes the result, under https://www.mongodb.com/docs/manual/reference/. */
  page: string;
  /** The documents of the collection. Those without an `_id` get 1, 2, 3 and so on. */
  docs?: readonly Document[];
  /** Other collections, by the name that the command uses. */
  others?: Readonly<Record<string, readonly Document[]>>;
  indexes?: readonly Document[];
  /** The command on the collection `c`; of several, the last one is checked. */
  run: Document | readonly Document[];
  /** The documents that the cursor returns, in this order. */
  gives?: readonly Document[];
  /** The same in any order. */
  givesAnyOrder?: readonly Document[];
  /** The `_id`s of these documents, in any order. */
  ids?: readonly unknown[];
  /** Fields of the reply, by dotted path. */
  reply?: Document;
  /** The collection afterwards, sorted by `_id`. */
  after?: readonly Document[];
  /** The error code of the command, or of its first failed statement. */
  code?: number | readonly number[];
}

type Options = Partial<Case>;

const failureCodes = Symbol('failureCodes');

/** The result of a case that must fail with one of these codes. */
export interface Failure {
  [failureCodes]: readonly number[];
}

export const fails = (...codes: number[]): Failure => ({ [failureCodes]: codes });

function isFailure(result: unknown): result is Failure {
  return typeof result === 'object' && result !== null && failureCodes in result;
}

/** Creates cases of queries on the same documents: name, filter, `_id`s or code. */
export function queries(
  page: string,
  docs: readonly Document[],
  rows: readonly (readonly [name: string, filter: Document, ids: readonly unknown[] | number, page?: string])[],
): Case[] {
  return rows.map(([name, filter, expected, ownPage]) => ({
    name,
    page: ownPage ?? page,
    docs,
    run: { find: 'c', filter },
    ...(typeof expected === 'number' ? { code: expected } : { ids: expected }),
  }));
}

/** Creates cases of expressions: name, document, expression, value. `undefined` stands for a missing value. */
export function expressions(
  page: string,
  rows: readonly (readonly [name: string, doc: Document, expression: unknown, value: unknown, page?: string])[],
): Case[] {
  return rows.map(([name, doc, expression, value, ownPage]) => ({
    name,
    page: ownPage ?? `operator/aggregation/${page}`,
    docs: [doc],
    run: { aggregate: 'c', pipeline: [{ $replaceWith: { r: expression } }], cursor: {} },
    ...(isFailure(value) ? { code: value[failureCodes] } : { gives: [value === undefined ? {} : { r: value }] }),
  }));
}

/** Creates cases of updates: name, document before, update, document after or failure, more fields of the statement. */
export function updates(
  page: string,
  rows: readonly (readonly [
    name: string,
    before: Document,
    update: unknown,
    after: Document | Failure,
    more?: Document,
  ])[],
): Case[] {
  return rows.map(([name, before, u, after, more = {}]) => ({
    name,
    page: `operator/update/${page}`,
    docs: [before],
    run: { update: 'c', updates: [{ q: {}, u, ...more }] },
    ...(isFailure(after) ? { code: after[failureCodes] } : { after: [{ _id: 1, ...after }] }),
  }));
}

/** Creates cases of pipelines on the same documents: name, pipeline, documents or failure. */
export function pipelines(
  page: string,
  docs: readonly Document[],
  rows: readonly (readonly [
    name: string,
    pipeline: readonly Document[],
    gives: readonly Document[] | Failure,
    more?: Options,
  ])[],
): Case[] {
  return rows.map(([name, pipeline, gives, more = {}]) => ({
    name,
    page: `operator/aggregation/${page}`,
    docs,
    run: { aggregate: 'c', pipeline, cursor: {} },
    ...(isFailure(gives) ? { code: gives[failureCodes] } : { gives }),
    ...more,
  }));
}
