import type { StorageConfig } from '../kernel/setting-forms.js';
import type { Storage } from './storage.js';

/** Opens the storage of STORAGE_URL; the S3 client is loaded only if it is needed. */
export async function openStorage(config: StorageConfig): Promise<Storage> {
  if (config.kind === 'file') return (await import('./storage-disk.js')).createDiskStorage(config.folder);
  return (await import('./storage-s3.js')).createS3Storage(config);
}
