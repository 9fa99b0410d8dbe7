import pLimit from 'p-limit';
import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { makeGroup, makeUser, sendText, type TestUser } from '../support/factories.js';
import { isOfNotifier, isRead, startGate, type Command, type Gate } from '../support/gate.js';
import { markRead, pagesOf } from '../support/requests.js';
import { connectAs, eventsOf } from '../support/sockets.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { freshUri } from '../support/store.js';

const size = 1_000;

let server: TestServer;
let gate: Gate;
let creator: TestUser;
let people: TestUser[];
let groupId: string;

/** A well-formed hash of an unknown password. */
const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Creates a user with a session, without hashing a password. */
async function quickUser(place: number): Promise<TestUser> {
  const { accounts, sessions } = server.context;
  const [username, email] = [`many${place}`, `many${place}@example.test`];
  const { id } = await accounts.create({ username, email, displayName: username, passwordHash, verifyLink: null });
  const { tokens, session } = await sessions.start(id, { deviceName: null, userAgent: '', ip: '' });
  return { server, id, username, email, password: '', displayName: username, tokens, session };
}

/** The writes of a server until a request is answered, like `insert messages`. */
async function writesOf(action: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = [];
  gate.close((command: Command) => {
    if (!isRead(command) && !isOfNotifier(command)) seen.push(`${command.command} ${command.collection}`);
    return false;
  });
  await action();
  gate.open();
  return seen.filter((name) => !/ (sessions|checkpoints|jobs|notifications|users)$/.test(name)).sort();
}

beforeAll(async () => {
  gate = await startGate(await freshUri());
  server = await startTestServer({ MONGODB_URI: gate.uri });
  creator = await makeUser(server);
  const some = pLimit(20);
  people = await Promise.all(Array.from({ length: size - 1 }, (_, place) => some(() => quickUser(place))));
  groupId = (await makeGroup(server, creator, people)).id;
});

describe('a group of a thousand', () => {
  it('adds a hundred members at once with one message, one rev and one event', async () => {
    const socket = await connectAs(server, creator);
    const { id } = await makeGroup(server, creator, people.slice(0, size - 101));
    const group = async () => (await as(creator).get(`/api/groups/${id}`)).body;
    const before = await group();
    const userIds = people.slice(size - 101).map(({ id }) => id);
    const writes = await writesOf(async () => {
      const { body } = await as(creator).post(`/api/groups/${id}/members`, { userIds });
      expect([body.added.length, body.refused]).toEqual([100, []]);
    });
    const after = await group();
    expect([after.memberCount, after.seq - before.seq, after.rev - before.rev]).toEqual([size, 1, 1]);
    expect(writes.filter((name) => name === 'insert messages')).toHaveLength(1);
    expect(writes.filter((name) => name === 'insert changes')).toHaveLength(1);
    expect(writes.filter((name) => name === 'insert members')).toHaveLength(1);
    await expect.poll(() => eventsOf(socket, 'member:added')).toHaveLength(1);
    expect(eventsOf(socket, 'message:created')).toHaveLength(1);
    socket.disconnect();
  });

  it('costs as many writes for a message as a group of two', async () => {
    // Both are new: nobody has read anything.
    const [pair, group] = [
      await makeGroup(server, creator, people.slice(0, 1)),
      await makeGroup(server, creator, people),
    ];
    const inPair = await writesOf(() => sendText(server, creator, pair.id, 'to one'));
    const inGroup = await writesOf(() => sendText(server, creator, group.id, 'to a thousand'));
    expect(inPair).toContain('insert messages');
    expect(inGroup).toEqual(inPair);
  });

  it('lists every member once, page by page', async () => {
    const found: string[] = [];
    for await (const page of pagesOf((cursor) =>
      as(creator).get(`/api/groups/${groupId}/members?limit=100${cursor}`),
    )) {
      expect(page.length).toBeLessThanOrEqual(100);
      found.push(...page.map(({ user }) => user.id));
    }
    expect(found).toHaveLength(size);
    expect(new Set(found)).toEqual(new Set([creator, ...people].map(({ id }) => id)));
  });

  it('creates one notification for each of 999 connected members, however many messages follow', async () => {
    const rows = server.database.collection('notifications');
    const ofGroup = { kind: 'message', conversationId: new server.database.base.Types.ObjectId(groupId) };
    const group = async () => (await as(creator).get(`/api/groups/${groupId}`)).body;
    const notified = async (): Promise<unknown> =>
      (await server.database.collection('conversations').findOne({ _id: ofGroup.conversationId }))?.['notifiedSeq'];
    // Everyone has been notified of everything and has read it.
    const { seq: last } = await group();
    await expect.poll(notified).toBe(last);
    for (const user of people) await markRead(user, groupId, last);
    const some = pLimit(50);
    const sockets = await Promise.all(people.map((user) => some(() => connectAs(server, user))));
    await rows.deleteMany(ofGroup);
    let writes = 0;
    gate.close((command) => {
      if (command.collection === 'notifications' && !isRead(command)) writes += 1;
      return false;
    });
    for (let n = 0; n < 20; n++) await sendText(server, creator, groupId, `message ${n}`);
    await expect.poll(() => rows.countDocuments(ofGroup), { timeout: 60_000 }).toBe(size - 1);
    const { seq } = await group();
    await expect.poll(notified, { timeout: 60_000 }).toBe(seq);
    gate.open();
    expect(writes).toBeLessThanOrEqual(size - 1);
    for (const socket of sockets) socket.disconnect();
  });

  it('requirement 68: is notified of a message within a second, and no request exceeds its limits', async () => {
    const began = performance.now();
    const message = await sendText(server, creator, groupId, 'to the largest group there is');
    expect(performance.now() - began).toBeLessThan(3_000);
    const send = (more: object) =>
      as(creator).post('/api/messages', { conversationId: groupId, clientId: 'too-much', text: 'x', ...more });
    const mentions = Array.from({ length: 10_000 }, (_, n) => people[n % people.length]?.id);
    expect((await send({ mentions })).status).toBe(413);
    expect((await send({ mentions: people.slice(0, 51).map(({ id }) => id) })).status).toBe(400);
    const react = async (n: number): Promise<number> => {
      const emoji = encodeURIComponent(String.fromCodePoint(0x1f400 + n));
      return (await as(creator).put(`/api/reactions/${message.id}/${emoji}`)).status;
    };
    const statuses: number[] = [];
    for (let n = 0; n < 60; n++) statuses.push(await react(n));
    expect(new Set(statuses)).toEqual(new Set([200, 409]));
    const { body } = await as(creator).get(`/api/messages/${message.id}`);
    expect(body.reactions).toHaveLength(statuses.filter((status) => status === 200).length);
    const stranger = await makeUser(server);
    const added = await as(creator).post(`/api/groups/${groupId}/members`, { userIds: [stranger.id] });
    expect(added.body).toMatchObject({ added: [], refused: [{ userId: stranger.id, code: 'conflict' }] });
  });
});
