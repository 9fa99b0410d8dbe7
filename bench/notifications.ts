/**
 * Whether notifications page and count at the same cost, however many there are: `npx tsx bench/notifications.ts`. The
 * built server over the embedded store in a process of its own; ratios count, times depend on the machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createConnection, type Connection, Types } from 'mongoose';
import { ended, median, post, started } from './processes.js';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'causerie-notifications-'));
const sizes = [100, 1_000, 10_000];
const rounds = 60;
/** So many pages behind the first one a page is asked for. */
const deepPages = 50;

async function fill(connection: Connection, ownerId: string, count: number): Promise<void> {
  const userId = new Types.ObjectId(ownerId);
  const now = Date.now();
  const rows = Array.from({ length: count }, (_, n) => ({
    ...{ userId, kind: 'security', source: `s${n}`, actorId: null, conversationId: null, messageId: null, seq: 0 },
    ...{ count: 1, data: { sessionId: String(new Types.ObjectId()) }, newest: null, readAt: null },
    ...{ createdAt: new Date(now - n * 1_000), updatedAt: new Date(now - n * 1_000) },
  }));
  await connection.collection('notifications').insertMany(rows);
}

async function measure(url: string, token: string): Promise<Record<string, number>> {
  const get = async (path: string): Promise<any> => {
    const response = await fetch(`${url}/api/notifications${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  let cursor = '';
  for (let page = 0; page < deepPages; page++) {
    const { nextCursor } = await get(`?limit=50${cursor}`);
    if (nextCursor === null) break;
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
  }
  const paths = { count: '/count', first: '?limit=50', unread: '?unread=true&limit=50', deep: `?limit=50${cursor}` };
  const times: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++)
    for (const [name, path] of Object.entries(paths)) {
      const began = performance.now();
      await get(path);
      (times[name] ??= []).push(performance.now() - began);
    }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

const socket = join(folder, 's.sock');
const main = join(root, 'packages', 'embedded-mongo', 'main.js');
const [store] = await started([main, '--path', join(folder, 'store'), '--socket', socket], {}, /(listening)/);
const uri = `mongodb://${encodeURIComponent(socket)}/bench`;
const env = { MONGODB_URI: uri, SECRET_KEY: 'a key for the benchmark of notifications', PORT: '0', LOG_LEVEL: 'warn' };
const [server, url] = await started(
  [join(root, 'dist', 'server.js')],
  { ...env, RATE_LIMIT_FACTOR: '0', DATA_DIR: join(folder, 'data') },
  /listening on (\S+)/,
);
const connection = await createConnection(uri, { autoIndex: false, autoCreate: false }).asPromise();
try {
  const found: [number, Record<string, number>][] = [];
  for (const size of sizes) {
    const account = { username: `ada${size}`, email: `ada${size}@example.test`, password: 'a bench password of ada' };
    const { user, accessToken } = await post(url, '/api/auth/register', account);
    await fill(connection, user.id, size);
    await measure(url, accessToken);
    found.push([size, await measure(url, accessToken)]);
  }
  const [smallest, largest] = [found[0]?.[1] ?? {}, found.at(-1)?.[1] ?? {}];
  for (const name of Object.keys(smallest)) {
    const times = found.map(([size, one]) => `${size}: ${one[name]?.toFixed(2)} ms`);
    console.log(`${name}  ${times.join('  ')}  ratio ${((largest[name] ?? 0) / (smallest[name] ?? 1)).toFixed(2)}`);
  }
} finally {
  await connection.close();
  await ended(server);
  await ended(store);
  rmSync(folder, { recursive: true, force: true });
}
