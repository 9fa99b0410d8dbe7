/** Runs a case through the driver against any MongoDB. */
import mongoose from 'mongoose';
import { startEmbeddedStore } from '@causerie/embedded-mongo';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Case, Document } from './case.js';

const { BSON, MongoClient, MongoServerError } = mongoose.mongo;
type Client = InstanceType<typeof MongoClient>;

/** Keeps the numeric types of the results. */
const keepTypes = { promoteValues: false, bsonRegExp: true };

/** A database on the embedded store, or on the MongoDB that MONGODB_URI names. */
export interface Target {
  client: Client;
  database: string;
  close: () => Promise<void>;
}

export async function openTarget(label: string): Promise<Target> {
  const database = `corpus_${label}_${process.pid}`;
  const given = process.env['MONGODB_URI'];
  const folder = given ? null : await mkdtemp(join(tmpdir(), 'corpus-'));
  const store = folder ? await startEmbeddedStore({ path: folder }) : null;
  const client = new MongoClient(given ?? store?.uri(database) ?? '', keepTypes);
  await client.connect();
  return {
    client,
    database,
    close: async () => {
      await client.db(database).dropDatabase();
      await client.close();
      await store?.stop();
      if (folder) await rm(folder, { recursive: true });
    },
  };
}

interface Outcome {
  reply: Document;
  docs: readonly Document[];
  code: number | null;
}

const numberOf = (value: unknown): number => Number(String(value));

async function runCommand(target: Target, command: Document): Promise<Outcome> {
  const db = target.client.db(target.database);
  try {
    const reply: Document = await db.command(command, keepTypes);
    const [failed] = (reply['writeErrors'] ?? []) as Document[];
    const cursor = (reply['cursor'] ?? {}) as Document;
    const docs = [...((cursor['firstBatch'] ?? cursor['nextBatch'] ?? []) as Document[])];
    if (command['getMore'] !== undefined || command['keepCursor']) return { reply, docs, code: null };
    const [collection] = Object.values(command);
    while (cursor['id'] && numberOf(cursor['id']) !== 0) {
      const more: Document = await db.command({ getMore: cursor['id'], collection }, keepTypes);
      const next = more['cursor'] as Document;
      docs.push(...(next['nextBatch'] as Document[]));
      cursor['id'] = next['id'];
    }
    return { reply, docs, code: failed ? numberOf(failed['code']) : null };
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    return { reply: {}, docs: [], code: numberOf(error.code) };
  }
}

/** Replaces `c` and the names of the other collections by names that no other case uses. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, names)]));
}

const numbered = (docs: readonly Document[]): Document[] => docs.map((doc, at) => ({ _id: at + 1, ...doc }));
const typed = (value: unknown): unknown => JSON.parse(BSON.EJSON.stringify({ value }, { relaxed: false })).value;
const sorted = (values: readonly unknown[]): unknown[] =>
  values.map(typed).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

function at(reply: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, part) => (value as Document | undefined)?.[part], reply);
}

async function prepare(target: Target, test: Case, names: ReadonlyMap<string, string>): Promise<void> {
  const collections = { ...(test.docs ? { c: test.docs } : {}), ...test.others };
  for (const [name, docs] of Object.entries(collections)) {
    const insert = names.get(name) ?? name;
    if (docs.length) await expectDone(target, { insert, documents: numbered(docs) });
  }
  const createIndexes = names.get('c') ?? 'c';
  if (test.indexes?.length) await expectDone(target, { createIndexes, indexes: test.indexes });
}

async function expectDone(target: Target, command: Document): Promise<void> {
  const { code } = await runCommand(target, command);
  expect(code, `preparing: ${JSON.stringify(command)}`).toBeNull();
}

/** Runs a case and checks its result. `label` keeps its collections apart from those of other cases. */
export async function runCase(target: Target, test: Case, label: string): Promise<void> {
  const names = new Map(['c', ...Object.keys(test.others ?? {})].map((name) => [name, `${label}_${name}`]));
  await prepare(target, test, names);
  let outcome: Outcome | null = null;
  for (const command of [test.run].flat() as Document[]) {
    const [first = ''] = Object.keys(command);
    const { [first]: collection, pipeline, ...rest } = command;
    const stages = pipeline === undefined ? {} : { pipeline: renamedStages(pipeline, names) };
    outcome = await runCommand(target, { [first]: renamed(collection, names), ...stages, ...rest });
  }
  await expectOutcome(target, test, { outcome, collection: names.get('c') ?? 'c' });
}

/** Only `from`, `coll` and `$unionWith` name collections. */
function renamedStages(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renamedStages(item, names));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const naming = new Set(['from', 'coll', '$unionWith']);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      naming.has(key) && typeof item === 'string' ? renamed(item, names) : renamedStages(item, names),
    ]),
  );
}

async function expectOutcome(
  target: Target,
  test: Case,
  { outcome, collection }: { outcome: Outcome | null; collection: string },
): Promise<void> {
  const { reply, docs, code } = outcome ?? { reply: {}, docs: [], code: null };
  if (test.code === undefined) expect(code).toBeNull();
  else expect([test.code].flat()).toContain(code);
  if (test.gives) expect(docs.map(typed)).toEqual(test.gives.map(typed));
  if (test.givesAnyOrder) expect(sorted(docs)).toEqual(sorted(test.givesAnyOrder));
  if (test.ids) expect(sorted(docs.map(({ _id }) => _id))).toEqual(sorted(test.ids));
  for (const [path, value] of Object.entries(test.reply ?? {}))
    expect(typed(at(reply, path)), path).toEqual(typed(value));
  if (!test.after) return;
  const found = await runCommand(target, { find: collection, sort: { _id: 1 } });
  expect(found.docs.map((doc) => Object.entries(typed(doc) as Document))).toEqual(
    test.after.map((doc) => Object.entries(typed(doc) as Document)),
  );
}
