/**
 * How much memory an export takes: `npx tsx bench/export.ts [messages]`, without a number 100,000. The peak of the server's
 * memory after some exports of an empty account, and after one of an account that has written so many messages. The built
 * server runs over the embedded store, which stands in a process of its own.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createConnection, Types } from 'mongoose';
import { ended, post, started } from './processes.js';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'causerie-export-'));
const size = Number(process.argv[2] ?? 100_000);

/** Reads an export to its end and gives its length, in bytes. */
async function exported(url: string, token: string): Promise<number> {
  const response = await fetch(`${url}/api/users/export`, { headers: { authorization: `Bearer ${token}` } });
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) length += chunk.length;
  return length;
}

/** The most memory that a process has had, in MB. */
function peakOf({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

const storePath = resolve(root, 'packages/embedded-mongo/main.js');
const socket = join(folder, 'store.sock');
const [store] = await started([storePath, '--path', join(folder, 'store'), '--socket', socket], {}, /(listening)/i);
const uri = `mongodb://${encodeURIComponent(socket)}/export`;
const [server, url] = await started(
  [join(root, 'dist', 'server.js')],
  {
    MONGODB_URI: uri,
    SECRET_KEY: 'a key for the benchmark of exports alone',
    PORT: '0',
    RATE_LIMIT_FACTOR: '0',
    DATA_DIR: join(folder, 'data'),
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
  },
  /listening on (\S+)/,
);
try {
  const account = (name: string) => ({
    email: `${name}@example.test`,
    username: name,
    password: 'plenty of herring here',
  });
  const empty = await post(url, '/api/auth/register', account('empty'));
  const full = await post(url, '/api/auth/register', account('full'));
  const direct = await post(url, '/api/conversations', { type: 'direct', userId: full.user.id }, full.accessToken);
  const connection = await createConnection(uri).asPromise();
  for (let at = 0; at < size; at += 2000) {
    const rows = Array.from({ length: Math.min(2000, size - at) }, (_, n) => ({
      _id: new Types.ObjectId(),
      conversationId: new Types.ObjectId(direct.id as string),
      seq: at + n + 1,
      rev: 0,
      type: 'text',
      senderId: new Types.ObjectId(full.user.id as string),
      clientId: `c${at + n}`,
      system: null,
      digest: 'x',
      text: `message ${at + n} of an account that has written very many of them, each of a usual length`,
      words: [],
      replyTo: null,
      mentions: [],
      reactions: [],
      reactionsVersion: 0,
      revision: 0,
      revisions: [],
      createdAt: new Date(),
      editedAt: null,
      deletedAt: null,
    }));
    await connection.collection('messages').insertMany(rows, { ordered: false });
  }
  await connection.close();
  for (let n = 0; n < 20; n++) await exported(url, empty.accessToken);
  const before = peakOf(server);
  const length = await exported(url, full.accessToken);
  const after = peakOf(server);
  process.stdout.write(
    `${size} messages, ${(length / 1e6).toFixed(1)} MB: the peak rose by ${(after - before).toFixed(1)} MB\n`,
  );
} finally {
  for (const child of [server, store]) await ended(child);
  rmSync(folder, { recursive: true, force: true });
}
