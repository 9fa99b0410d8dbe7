import type { Committed } from './entry.js';
import type { MessageRow } from '../repositories/messages/message-repository.js';

interface CachedCommit {
  digest: string;
  commit: Promise<Committed<MessageRow>>;
}

/** Messages in flight or committed in the last minute, by conversation, sender and clientId: a retry is answered without the store. */
export interface IdempotencyCache {
  find(key: string): CachedCommit | undefined;
  remember(key: string, cached: CachedCommit): void;
}

const rememberMs = 60_000;

/** A failed commit is forgotten at once. */
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
