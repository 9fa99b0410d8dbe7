/** A dropped collection is gone at once; its keys go in slices, and a kill in between changes neither. (8.12) */
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createDispatcher } from '../src/commands/dispatcher.js';
import { openStore } from '../src/store/store.js';
import { connectTo, spawnStore, temporaryFolder } from './support/store.js';

const DOCUMENTS = 6_000;

it('(8.12) the deletion of what was dropped goes on after a kill, and nothing of it is left', async () => {
  const path = join(temporaryFolder(), 'data');
  const alone = await spawnStore(path);
  const client = await connectTo(alone, { retryWrites: false });
  const rows = client.db().collection<{ _id: number; a: number }>('rows');
  await rows.createIndex({ a: 1 });
  await rows.insertMany(Array.from({ length: DOCUMENTS }, (_, _id) => ({ _id, a: _id % 10 })));
  await client.db().collection<{ _id: number }>('kept').insertOne({ _id: 1 });
  expect(await rows.drop()).toBe(true);
  await alone.kill('SIGKILL');

  const store = openStore(path);
  onTestFinished(() => store.close());
  const keys = (): number => store.data.getKeysCount();
  expect([...store.catalogue.tables.values()].map(({ name }) => name)).toEqual(['kept']);
  // The kill came before the slices were through, or there would be nothing to go on with.
  expect(store.catalogue.garbage().length).toBeGreaterThan(0);
  expect(keys()).toBeGreaterThan(DOCUMENTS);
  const dispatcher = createDispatcher(store, { testCommands: false, instance: 'test' });
  onTestFinished(() => dispatcher.stop());
  const deadline = Date.now() + 15_000;
  while (store.catalogue.garbage().length > 0 && Date.now() < deadline) await turn();
  expect(store.catalogue.garbage()).toEqual([]);
  // What is left is the one document that was not dropped.
  expect(keys()).toBe(1);
});
