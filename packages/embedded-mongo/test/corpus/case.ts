/** A case of the corpus: what is there, what is asked, and what MongoDB's documentation says the answer is. */
export type Document = Record<string, unknown>;

export interface Case {
  name: string;
  /** The page the answer rests on, under https://www.mongodb.com/docs/manual/reference/. */
  page: string;
  /** Documents of the collection; those without `_id` get 1, 2, 3 and so on. */
  docs?: readonly Document[];
  /** Other collections, by the name that the command says. */
  others?: Readonly<Record<string, readonly Document[]>>;
  indexes?: readonly Document[];
  /** Commands, all but the last made ready for it. The collection is called `c`. */
  run: Document | readonly Document[];
  /** The documents of the cursor, in this order. */
  gives?: readonly Document[];
  /** As `gives`, in any order. */
  givesAnyOrder?: readonly Document[];
  /** Their `_id`s, in any order. */
  ids?: readonly unknown[];
  /** Fields that the reply has, by dotted path. */
  reply?: Document;
  /** The collection afterwards, by `_id`. */
  after?: readonly Document[];
  /** The code of the error, of the command or of its first statement that failed. */
  code?: number | readonly number[];
}

type Options = Partial<Case> & { page?: string };

/** Queries over one table of documents: name, filter, `_id`s or code. */
export function queries(
  page: string,
  docs: readonly Document[],
  rows: readonly (readonly [name: string, filter: Document, ids: readonly unknown[] | number, page?: string])[],
): Case[] {
  return rows.map(([name, filter, expected, own]) => ({
    name,
    page: own ?? page,
    docs,
    run: { find: 'c', filter },
    ...(typeof expected === 'number' ? { code: expected } : { ids: expected }),
  }));
}

/** Expressions on one document: name, document, expression, value. A missing value is `undefined`, an error a `Fails`. */
export function expressions(
  page: string,
  rows: readonly (readonly [name: string, doc: Document, expression: unknown, value: unknown, page?: string])[],
): Case[] {
  return rows.map(([name, doc, expression, value, own]) => ({
    name,
    page: own ?? `operator/aggregation/${page}`,
    docs: [doc],
    run: { aggregate: 'c', pipeline: [{ $replaceWith: { r: expression } }], cursor: {} },
    ...(value instanceof Fails ? { code: value.codes } : { gives: [value === undefined ? {} : { r: value }] }),
  }));
}

/** An error with one of these codes. */
export class Fails {
  codes: readonly number[];

  constructor(...codes: number[]) {
    this.codes = codes;
  }
}

/** Updates of one document: name, before, update, after or an error; and more fields of the statement. */
export function updates(
  page: string,
  rows: readonly (readonly [
    name: string,
    before: Document,
    update: unknown,
    after: Document | Fails,
    more?: Document,
  ])[],
): Case[] {
  return rows.map(([name, before, u, after, more = {}]) => ({
    name,
    page: `operator/update/${page}`,
    docs: [before],
    run: { update: 'c', updates: [{ q: {}, u, ...more }] },
    ...(after instanceof Fails ? { code: after.codes } : { after: [{ _id: 1, ...after }] }),
  }));
}

/** Pipelines over one table of documents: name, pipeline, documents or an error. */
export function pipelines(
  page: string,
  docs: readonly Document[],
  rows: readonly (readonly [
    name: string,
    pipeline: readonly Document[],
    gives: readonly Document[] | Fails,
    more?: Options,
  ])[],
): Case[] {
  return rows.map(([name, pipeline, gives, more = {}]) => ({
    name,
    page: `operator/aggregation/${page}`,
    docs,
    run: { aggregate: 'c', pipeline, cursor: {} },
    ...(gives instanceof Fails ? { code: gives.codes } : { gives }),
    ...more,
  }));
}
