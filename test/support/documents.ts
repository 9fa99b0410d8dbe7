import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.js';

/** Reads a committed document under docs/, typed with what the test needs of it. */
export function readDocument<Document>(name: string): Document {
  return JSON.parse(readFileSync(join(root, 'docs', name), 'utf8')) as Document;
}

/** Collects every value under this key, at any depth. */
export function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [...(name === key ? [item] : []), ...valuesOf(key, item)]);
}

/** Resolves a `$ref` of a document (RFC 6901); undefined if it points nowhere. */
export function resolveRef(document: unknown, ref: string): unknown {
  const keys = ref.replace(/^#\//, '').split('/');
  return keys.reduce<unknown>(
    (at, key) => (at as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
}
