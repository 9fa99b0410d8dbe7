import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createBatchedRead } from './batch.js';

/** A reader that records its calls and finds every key but `nothing`. */
function makeReader(fail: (keys: readonly string[]) => Error | null = () => null) {
  const calls: (readonly string[])[] = [];
  const read = createBatchedRead<string>((keys) => {
    calls.push(keys);
    const error = fail(keys);
    if (error) return Promise.reject(error);
    return Promise.resolve(new Map(keys.filter((key) => key !== 'nothing').map((key) => [key, key.toUpperCase()])));
  });
  return { read, calls };
}

it('reads what is requested in one turn together, each key once', async () => {
  const { read, calls } = makeReader();
  expect(await Promise.all([read('a'), read('b'), read('a'), read('nothing')])).toEqual(['A', 'B', 'A', null]);
  expect(calls).toEqual([['a', 'b', 'nothing']]);
});

it('never answers with a read that began before the request', async () => {
  const { read, calls } = makeReader();
  const first = read('a');
  await nextTurn();
  expect(calls).toHaveLength(1);
  const second = read('a');
  expect(await Promise.all([first, second])).toEqual(['A', 'A']);
  expect(calls).toEqual([['a'], ['a']]);
});

it('reads at most 200 keys together, and a failed read fails its own requests only', async () => {
  const { read, calls } = makeReader((keys) => (keys.includes('key 250') ? new Error('lost') : null));
  const results = await Promise.allSettled(Array.from({ length: 300 }, (_, n) => read(`key ${n}`)));
  expect(calls.map((keys) => keys.length)).toEqual([200, 100]);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(100);
  expect(await read('key 1')).toBe('KEY 1');
});
