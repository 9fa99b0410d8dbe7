import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { StorageConfig } from '../kernel/setting-forms.js';
import { notFound } from '../kernel/problem.js';
import { problemOfStorage, type Storage, type StoredFile } from './storage.js';

type S3Config = Extract<StorageConfig, { kind: 's3' }>;

function isMissing(error: unknown): boolean {
  const { name, $metadata } = error as { name?: unknown; $metadata?: { httpStatusCode?: number } };
  return name === 'NoSuchKey' || name === 'NotFound' || $metadata?.httpStatusCode === 404;
}

function clientFor({ endpoint, region, accessKeyId, secretAccessKey }: S3Config): S3Client {
  return new S3Client({
    region,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId, secretAccessKey },
    // Some servers store the checksums that the client adds to a streamed body as part of it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Stores uploads in a bucket of any server that supports the S3 protocol. */
export function createS3Storage(config: S3Config): Storage {
  const client = clientFor(config);
  const { bucket: Bucket } = config;

  async function* listed(Prefix?: string): AsyncGenerator<StoredFile> {
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
      for (const { Key, Size } of page.Contents ?? []) if (Key !== undefined) yield { name: Key, size: Size ?? 0 };
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  return {
    async put(Key, localPath) {
      const Body = createReadStream(localPath);
      try {
        const { size: ContentLength } = await stat(localPath);
        await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength }));
        await rm(localPath, { force: true });
      } catch (error) {
        throw problemOfStorage(error);
      } finally {
        Body.destroy();
      }
    },
    async sizeOf(Key) {
      try {
        return (await client.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength ?? 0;
      } catch (error) {
        if (isMissing(error)) return null;
        throw problemOfStorage(error);
      }
    },
    async open(Key, range) {
      try {
        const Range = range === null ? undefined : `bytes=${range.start}-${range.end}`;
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }));
        return Body as Readable;
      } catch (error) {
        throw isMissing(error) ? notFound() : problemOfStorage(error);
      }
    },
    async remove(name) {
      try {
        for await (const { name: Key } of listed(name)) await client.send(new DeleteObjectCommand({ Bucket, Key }));
      } catch (error) {
        throw problemOfStorage(error);
      }
    },
    list: () => listed(),
  };
}
