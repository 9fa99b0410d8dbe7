/** A dropped collection disappears at once and its keys are deleted in slices, even across a kill. (8.12) */
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createDispatcher } from '../src/commands/dispatcher.js';
import { openStore } from '../src/store/store.js';
import { connectTo, spawnStore, temporaryFolder } from './support/store.js';

const documentCount = 6_000;

it('(8.12) garbage collection of a dropped collection continues after a kill, and leaves nothing', async () => {
  const path = join(temporaryFolder(), 'data');
  const storeProcess = await spawnStore(path);
  const client = await connectTo(storeProcess, { retryWrites: false });
  const rows = client.db().collection<{ _id: number; a: number }>('rows');
  await rows.createIndex({ a: 1 });
  await rows.insertMany(Array.from({ length: documentCount }, (_, _id) => ({ _id, a: _id % 10 })));
  await client.db().collection<{ _id: number }>('kept').insertOne({ _id: 1 });
  expect(await rows.drop()).toBe(true);
  await storeProcess.kill('SIGKILL');

  const store = openStore(path);
  onTestFinished(() => store.close());
  const keys = (): number => store.data.getKeysCount();
  expect([...store.catalogue.tables.values()].map(({ name }) => name)).toEqual(['kept']);
  // The kill came before all slices were deleted, or there would be nothing to continue.
  expect(store.catalogue.garbage().length).toBeGreaterThan(0);
  expect(keys()).toBeGreaterThan(documentCount);
  const dispatcher = createDispatcher(store, { testCommands: false, instance: 'test' });
  onTestFinished(() => dispatcher.stop());
  const deadline = Date.now() + 15_000;
  while (store.catalogue.garbage().length > 0 && Date.now() < deadline) await turn();
  expect(store.catalogue.garbage()).toEqual([]);
  // Only the document that was not dropped is left.
  expect(keys()).toBe(1);
});
