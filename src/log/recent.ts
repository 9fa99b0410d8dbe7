import type { Landed } from './entry.js';
import type { MessageRow } from '../features/messages/messages.model.js';

interface Held {
  digest: string;
  landing: Promise<Landed<MessageRow>>;
}

/** What is in flight or has landed in the last minute, by the key of its sender: a retry need not ask the store. */
export interface Recent {
  find(key: string): Held | undefined;
  remember(key: string, held: Held): void;
}

const rememberMs = 60_000;

/** Gives an empty memory. What has failed is forgotten at once. */
export function createRecent(): Recent {
  const recent = new Map<string, Held>();
  return {
    find: (key) => recent.get(key),
    remember(key, held) {
      recent.set(key, held);
      const forget = (): void => {
        if (recent.get(key) === held) recent.delete(key);
      };
      held.landing.then(() => setTimeout(forget, rememberMs).unref(), forget);
    },
  };
}
