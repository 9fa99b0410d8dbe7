import type { StorageConfig } from '../config.js';
import type { Storage } from './storage.js';

/** Opens the storage that STORAGE_URL names; the client of S3 is loaded only where it is needed. */
export async function openStorage(config: StorageConfig): Promise<Storage> {
  if (config.kind === 'file') return (await import('./storage-disk.js')).createDiskStorage(config.folder);
  return (await import('./storage-s3.js')).createS3Storage(config);
}
