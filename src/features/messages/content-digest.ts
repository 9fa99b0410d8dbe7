import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from '../../kernel/keys.js';

/** What a message says, as first sent. */
interface Content {
  text: string;
  /** The ids of what it carries, in its order. */
  attachments: readonly string[];
  replyTo: string | null;
  mentions: readonly string[];
}

export interface ContentDigests {
  of(content: Content): string;
  isSame(digest: string, content: Content): boolean;
}

/** Gives keyed digests of contents: they tell a retry from another message, and nothing of the text. */
export function createContentDigests(keys: Keys): ContentDigests {
  const { current, all } = keys.for('content-digest');

  function make(key: { id: string; secret: Buffer }, { text, attachments, replyTo, mentions }: Content): string {
    const content = JSON.stringify([text, attachments, replyTo, [...mentions].sort()]);
    return `${key.id}.${createHmac('sha256', key.secret).update(content).digest('base64url')}`;
  }

  return {
    of: (content) => make(current, content),
    isSame(digest, content) {
      const key = all.find(({ id }) => digest.startsWith(`${id}.`));
      if (!key) return false;
      const expected = Buffer.from(make(key, content));
      const given = Buffer.from(digest);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
