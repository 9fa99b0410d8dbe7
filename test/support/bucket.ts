import type { AddressInfo } from 'node:net';
import S3rver from 's3rver';
import { onCleanup, temporaryFolder } from './cleanup.js';

/** Starts an S3-compatible server with one empty bucket; returns the settings that point to it. */
export async function startBucket(): Promise<Record<string, string>> {
  const s3 = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: temporaryFolder('bucket'),
    configureBuckets: [{ name: 'uploads', configs: [] }],
  });
  const { port } = (await s3.run()) as AddressInfo;
  onCleanup(() => s3.close());
  const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
  return {
    STORAGE_URL: `s3://uploads?endpoint=${endpoint}`,
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
  };
}
