import type { Connection } from 'mongoose';
import type { Storage } from '../drivers/storage.js';
import type { StoredUpload } from '../repositories/uploads/upload-repository.js';

/** Removes files without a row: a backup may include files uploaded just after its snapshot. */
export async function pruneFiles(connection: Connection, storage: Storage): Promise<void> {
  for await (const { name } of storage.list()) {
    const key = name.split('.')[0] ?? '';
    const row = await connection.collection<StoredUpload>('uploads').findOne({ key });
    if (!row) await storage.remove(key);
  }
}
