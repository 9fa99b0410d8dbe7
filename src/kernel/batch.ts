/** Merges calls that are made in one turn of the event loop into one. */

interface Call<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** The planner of a database slows down with very many conditions. */
const maxCalls = 200;

/**
 * Returns a function of one item. All items of one turn, until its input has been handled, are passed to `perform`
 * together, at most `max` at once; it returns their results in the same order. Nothing is performed before it is
 * called for, so that each call sees every write that was acknowledged before.
 */
export function createBatch<Item, Result>(
  perform: (items: readonly Item[]) => Promise<readonly Result[]>,
  max = maxCalls,
): (item: Item) => Promise<Result> {
  let calls: Call<Item, Result>[] = [];

  async function performPart(part: readonly Call<Item, Result>[]): Promise<void> {
    try {
      const results = await perform(part.map(({ item }) => item));
      part.forEach(({ resolve }, at) => resolve(results[at] as Result));
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }

  function performAll(): void {
    const all = calls;
    calls = [];
    for (let at = 0; at < all.length; at += max) void performPart(all.slice(at, at + max));
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (calls.length === 0) setImmediate(performAll);
      calls.push({ item, resolve, reject });
    });
}

/** Like `createBatch`, for reads by a key: each key is read once; null for a key that is absent from the map. */
export function createBatchedRead<Value>(
  readMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (key: string) => Promise<Value | null> {
  return createBatch(async (keys) => {
    const found = await readMany([...new Set(keys)]);
    return keys.map((key) => found.get(key) ?? null);
  });
}
