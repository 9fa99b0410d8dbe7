import type { Connection } from 'mongoose';

/** Dumps all documents of a database as JSON, by collection. */
export async function dumpOf(database: Connection): Promise<Map<string, string>> {
  const dump = new Map<string, string>();
  for (const collection of await database.db!.collections())
    dump.set(collection.collectionName, JSON.stringify(await collection.find().toArray()));
  return dump;
}
