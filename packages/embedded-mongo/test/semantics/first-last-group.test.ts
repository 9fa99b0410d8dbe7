/** The first or last row of each group comes from an index, without reading the rest of the group. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Document } from 'bson';
import { createDispatcher } from '../../src/commands/dispatcher.js';
import { openStore } from '../../src/store/store.js';

const groups = 20;
const rowsPerGroup = 200;

it('reads about one document for each group of $sort and $group', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'first-last-'));
  const store = openStore(folder);
  const engine = createDispatcher(store, { testCommands: true, instance: 'test' });
  const client = { isPrivate: true, isDisconnected: () => false };
  const run = async (body: object): Promise<Document> => {
    const request = { id: 1, body: { ...body, $db: 'test' }, sequences: new Map(), wantsReply: true, isLegacy: false };
    const outcome = await engine.execute(request as Parameters<typeof engine.execute>[0], client);
    if (outcome === 'disconnect') throw new Error('cut');
    if (outcome.reply['ok'] !== 1) throw new Error(String(outcome.reply['errmsg']));
    expect(outcome.reply).toMatchObject({ ok: 1 });
    return outcome.reply;
  };
  try {
    const documents = Array.from({ length: groups * rowsPerGroup }, (_, n) => ({ _id: n, g: n % groups, at: n }));
    await run({ insert: 'c', documents });
    await run({ createIndexes: 'c', indexes: [{ key: { g: 1, at: -1 }, name: 'g_at' }] });
    let reads = 0;
    const get = store.data.get.bind(store.data);
    store.data.get = ((key: Buffer) => {
      reads++;
      return get(key);
    }) as typeof store.data.get;
    for (const [sort, operator] of [
      [{ g: 1, at: -1 }, '$first'],
      [{ g: 1, at: 1 }, '$last'],
    ] as const) {
      reads = 0;
      const pipeline = [{ $sort: sort }, { $group: { _id: '$g', at: { [operator]: '$at' } } }];
      const { cursor } = await run({ aggregate: 'c', pipeline, cursor: {} });
      expect(cursor.firstBatch).toHaveLength(groups);
      expect(reads).toBeLessThanOrEqual(groups + 1);
    }
  } finally {
    engine.stop();
    await store.close();
    await rm(folder, { recursive: true });
  }
});
