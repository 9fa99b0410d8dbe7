import type { Committed } from './entry.js';
import type { MessageRow } from '../repositories/messages/message-repository.js';

interface CachedCommit {
  digest: string;
  commit: Promise<Committed<MessageRow>>;
}

/** What is in flight or has landed in the last minute, by the key of its sender: a retry need not ask the store. */
export interface IdempotencyCache {
  find(key: string): CachedCommit | undefined;
  remember(key: string, cached: CachedCommit): void;
}

const rememberMs = 60_000;

/** Gives an empty memory. What has failed is forgotten at once. */
export function createIdempotencyCache(): IdempotencyCache {
  const cache = new Map<string, CachedCommit>();
  return {
    find: (key) => cache.get(key),
    remember(key, cached) {
      cache.set(key, cached);
      const forget = (): void => {
        if (cache.get(key) === cached) cache.delete(key);
      };
      cached.commit.then(() => setTimeout(forget, rememberMs).unref(), forget);
    },
  };
}
