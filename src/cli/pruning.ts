import type { Connection } from 'mongoose';
import type { Storage } from '../drivers/storage.js';
import type { UploadRow } from '../repositories/uploads/upload-repository.js';

/** Removes the files that no row names: a backup takes some that came just after its moment. */
export async function pruneFiles(connection: Connection, storage: Storage): Promise<void> {
  for await (const { name } of storage.list()) {
    const key = name.split('.')[0] ?? '';
    const row = await connection.collection<UploadRow>('uploads').findOne({ key });
    if (!row) await storage.remove(key);
  }
}
