/**
 * Whether questions stay flat as data grows: `npx tsx bench/growth.ts [messages ...]`, without numbers 10,000, 100,000 and
 * 1,000,000. One person in 1,000 direct conversations, of which 200 hold the messages, half of them in one. The built
 * server runs over the embedded store, which stands in a process of its own. Ratios count, times depend on the machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createConnection, type Connection, Types } from 'mongoose';
import { createConversationRepository } from '../src/repositories/conversations/conversation-repository.js';
import { newConversation } from '../src/repositories/conversations/conversation-row.js';
import { newMember } from '../src/repositories/members/member-row.js';
import { wordsOf } from '../src/kernel/words.js';
import { ended, post, started } from './processes.js';

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'causerie-growth-'));
const conversationCount = 1000;
const busyCount = 200;
const sizes = process.argv.slice(2).map(Number);
if (sizes.length === 0) sizes.push(10_000, 100_000, 1_000_000);

/** Numbers that look random and are the same in every run. */
let state = 42;
function random(below: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return state % below;
}

/** Half of all messages have "often", one in a hundred "common", ten "seldom"; the rest of the words follow the usual curve. */
function textOf(place: number, size: number): string {
  const words = Array.from({ length: 6 }, () => `word${Math.floor(5000 ** (random(10_000) / 10_000))}`);
  if (place % 2 === 0) words.push('often');
  if (place % 100 === 0) words.push('common');
  if (place % Math.floor(size / 10) === 1) words.push('seldom');
  return words.join(' ');
}

interface Place {
  _id: Types.ObjectId;
  peerId: Types.ObjectId;
  seq: number;
}

/** Writes the rows of messages, oldest first over all conversations, as the server would have. */
async function fill(connection: Connection, size: number, places: readonly Place[], from: number): Promise<void> {
  const messages = connection.collection('messages');
  for (let at = 0; at < size; at += 2000) {
    const rows = Array.from({ length: Math.min(2000, size - at) }, (_, n) => {
      const number = at + n;
      const place = places[number % 2 === 0 ? 0 : 1 + (((number - 1) / 2) % (busyCount - 1))] as Place;
      const createdAt = new Date(from + Math.floor((number / size) * 86_400_000 * 300));
      const text = textOf(number, size);
      const seconds = Math.floor(createdAt.getTime() / 1000)
        .toString(16)
        .padStart(8, '0');
      const _id = new Types.ObjectId(seconds + new Types.ObjectId().toHexString().slice(8));
      return {
        _id,
        conversationId: place._id,
        seq: ++place.seq,
        rev: 0,
        type: 'text',
        senderId: place.peerId,
        clientId: `c${number}`,
        system: null,
        digest: 'x',
        text,
        words: wordsOf(text),
        replyTo: null,
        mentions: [],
        revision: 0,
        revisions: [],
        reactions: [],
        reactionsVersion: 0,
        createdAt,
        editedAt: null,
        deletedAt: null,
      };
    });
    await messages.insertMany(rows, { ordered: false });
    if (at % 100_000 === 0) process.stderr.write(`\r${size}: ${Math.round((100 * at) / size)} %  `);
  }
  process.stderr.write('\r');
}

/** Gives somebody 1,000 conversations with people who are copies of himself. */
async function people(connection: Connection, ownerId: string): Promise<Place[]> {
  const owner = await connection.collection('users').findOne({ _id: new Types.ObjectId(ownerId) });
  const places: Place[] = [];
  const at = new Date(Date.now() - 86_400_000 * 301);
  const rows = { users: [] as object[], conversations: [] as object[], members: [] as object[] };
  for (let n = 0; n < conversationCount; n++) {
    const [_id, peerId] = [new Types.ObjectId(), new Types.ObjectId()];
    const mark = `peer${n}`;
    const userIds = [new Types.ObjectId(ownerId), peerId];
    rows.users.push({
      ...owner,
      _id: peerId,
      username: mark,
      email: `${mark}@example.test`,
      emailKey: `${mark}@example.test`,
    });
    const pair = [ownerId, String(peerId)].sort().join(' ');
    rows.conversations.push({
      ...newConversation(at),
      _id,
      type: 'direct',
      pair,
      userIds,
      memberCount: 2,
      state: 'active',
    });
    for (const userId of userIds)
      rows.members.push({
        ...newMember(String(_id), String(userId), at),
        isListed: true,
        slot: userId === peerId ? 1 : n + 1,
      });
    places.push({ _id, peerId, seq: 0 });
  }
  for (const [name, list] of Object.entries(rows)) await connection.collection(name).insertMany(list);
  await connection
    .collection('slots')
    .insertOne({ _id: new Types.ObjectId(ownerId), last: conversationCount } as never);
  return places;
}

async function raise(connection: Connection, places: readonly Place[]): Promise<void> {
  const conversations = createConversationRepository(connection);
  for (const { _id, seq } of places) {
    const last = await connection.collection('messages').findOne({ conversationId: _id }, { sort: { seq: -1 } });
    const lastActivityAt = (last?.['createdAt'] as Date | undefined) ?? new Date(0);
    await conversations.raiseHeads(
      [{ conversationId: String(_id), seq, rev: 0, lastActivityAt, lastUncountedSeq: 0 }],
      false,
    );
  }
}

/** Ends the memberships in what holds no message: 200 conversations are left. */
async function leaveEmpty(connection: Connection, userId: string): Promise<void> {
  const filter = { userId: new Types.ObjectId(userId), slot: { $gt: busyCount } };
  await connection.collection('members').updateMany(filter, { $set: { endedAt: new Date() } });
}

async function median(times: number, ask: () => Promise<unknown>): Promise<number> {
  const found: number[] = [];
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    await ask();
    found.push(performance.now() - began);
  }
  return found.sort((a, b) => a - b)[Math.floor(times / 2)] ?? 0;
}

async function measure(uri: string, size: number): Promise<Map<string, number>> {
  const [server, url] = await started(
    [join(root, 'dist', 'server.js')],
    {
      MONGODB_URI: uri,
      SECRET_KEY: 'a key for the benchmark of growth alone',
      PORT: '0',
      RATE_LIMIT_FACTOR: '0',
      LOG_LEVEL: 'warn',
      DATA_DIR: join(folder, `data-${size}`),
    },
    /listening on (\S+)/,
  );
  const connection = await createConnection(uri, { autoIndex: false, autoCreate: false }).asPromise();
  try {
    const account = { username: 'ada', email: 'ada@example.test', password: 'a bench password of ada' };
    const { user, accessToken } = await post(url, '/api/auth/register', account);
    const places = await people(connection, user.id);
    await fill(connection, size, places, Date.now() - 86_400_000 * 300);
    await raise(connection, places);
    const get = async (path: string): Promise<any> => {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${accessToken}` } });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.json();
    };
    const large = String(places[0]?._id);
    const { cursor } = await post(url, '/api/sync', { limit: 1 }, accessToken);
    let whole = cursor;
    for (let more = true; more;) {
      const answer = await post(url, '/api/sync', { cursor: whole, limit: 100 }, accessToken);
      [whole, more] = [answer.cursor, answer.hasMore];
    }
    const questions: Record<string, () => Promise<unknown>> = {
      'list of 50 conversations': () => get('/api/conversations?limit=50'),
      'unread totals': () => get('/api/conversations/unread'),
      'newest 50 messages': () => get(`/api/messages?conversationId=${large}`),
      'oldest 50 messages': () => get(`/api/messages?conversationId=${large}&after=0`),
      'sync, nothing new': () => post(url, '/api/sync', { cursor: whole }, accessToken),
    };
    const searches: Record<string, () => Promise<unknown>> = {
      'search, rare word': () => get('/api/messages/search?q=seldom&limit=20'),
      'search, common word': () => get('/api/messages/search?q=common&limit=20'),
      'search, most frequent word': () => get('/api/messages/search?q=often&limit=20'),
      'search, two words': () => get('/api/messages/search?q=common%20often&limit=20'),
      'search, beginning of a word': () => get('/api/messages/search?q=wor&limit=20'),
    };
    const result = new Map<string, number>();
    const ask = async (some: Record<string, () => Promise<unknown>>, of = ''): Promise<void> => {
      for (const [name, one] of Object.entries(some)) {
        await median(10, one);
        result.set(name + of, await median(40, one));
      }
    };
    await ask({ ...questions, ...searches });
    await leaveEmpty(connection, user.id);
    await ask(searches, ', in 200 conversations');
    return result;
  } finally {
    await connection.close();
    await ended(server);
  }
}

const socket = join(folder, 'store.sock');
const [store] = await started(
  [join(root, 'packages/embedded-mongo/main.js'), '--path', join(folder, 'store'), '--socket', socket],
  {},
  /(\S)/,
);
try {
  const columns: Map<string, number>[] = [];
  for (const size of sizes)
    columns.push(await measure(`mongodb://${encodeURIComponent(socket)}/growth_${size}?directConnection=true`, size));
  console.log(`| question | ${sizes.map((size) => size.toLocaleString('en')).join(' | ')} | last : first |`);
  console.log(`|---|${sizes.map(() => '---:|').join('')}---:|`);
  for (const name of columns[0]?.keys() ?? []) {
    const times = columns.map((column) => column.get(name) ?? NaN);
    const ratio = (times.at(-1) ?? NaN) / (times[0] ?? NaN);
    console.log(`| ${name} | ${times.map((ms) => `${ms.toFixed(1)} ms`).join(' | ')} | ${ratio.toFixed(2)} |`);
  }
} finally {
  await ended(store);
  rmSync(folder, { recursive: true, force: true });
}
