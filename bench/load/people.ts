/** The people of a load run, and the conversations between them, on the built server or on a floor. */
import { post } from '../processes.js';
import type { RunningServer } from './servers.js';

/** Somebody with a token to connect with. */
export interface LoadUser {
  id: string;
  token: string;
}

/** Creates people and conversations; ids and tokens are those of the server. */
export interface Population {
  users(count: number): Promise<LoadUser[]>;
  direct(one: LoadUser, other: LoadUser): Promise<string>;
  group(members: readonly LoadUser[]): Promise<string>;
}

let made = 0;

/** Runs tasks a few at a time, in order. */
async function inParts<Item, Result>(
  items: readonly Item[],
  size: number,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += size)
    results.push(...(await Promise.all(items.slice(at, at + size).map(task))));
  return results;
}

export function causeriePopulation({ port }: RunningServer): Population {
  const url = `http://127.0.0.1:${port}`;
  return {
    users: (count) =>
      inParts(Array.from({ length: count }), 8, async () => {
        const username = `load_${made++}`;
        const account = { username, email: `${username}@example.test`, password: 'a password for load runs' };
        const { user, accessToken } = await post(url, '/api/auth/register', account);
        return { id: user.id, token: accessToken };
      }),
    async direct(one, other) {
      return (await post(url, '/api/conversations', { type: 'direct', userId: other.id }, one.token)).id;
    },
    async group([creator, ...others]) {
      if (!creator) throw new Error('a group has a creator');
      const memberIds = others.map(({ id }) => id);
      const { id } = await post(
        url,
        '/api/groups',
        { title: 'Load', memberIds: memberIds.slice(0, 100) },
        creator.token,
      );
      for (let at = 100; at < memberIds.length; at += 100)
        await post(url, `/api/groups/${id}/members`, { userIds: memberIds.slice(at, at + 100) }, creator.token);
      return id;
    },
  };
}

/** A floor knows no people: a token is the id, and the id of a direct conversation is made of its two. */
export const floorPopulation: Population = {
  users: (count) =>
    Promise.resolve(
      Array.from({ length: count }, () => {
        const id = (made++).toString(16).padStart(24, '0');
        return { id, token: id };
      }),
    ),
  direct: (one, other) => Promise.resolve(`${one.id}-${other.id}`),
  group: () => Promise.resolve(`group${made++}`),
};
