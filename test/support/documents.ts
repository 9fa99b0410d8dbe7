import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.js';

/** A committed document under docs/, with as much of its shape as a test reads. */
export function readDocument<Document>(name: string): Document {
  return JSON.parse(readFileSync(join(root, 'docs', name), 'utf8')) as Document;
}

/** Every value under a key of this name, wherever it stands. */
export function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [...(name === key ? [item] : []), ...valuesOf(key, item)]);
}

/** What a `$ref` of a document points to (RFC 6901); undefined if there is nothing. */
export function resolveRef(document: unknown, ref: string): unknown {
  const keys = ref.replace(/^#\//, '').split('/');
  return keys.reduce<unknown>(
    (at, key) => (at as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
}
