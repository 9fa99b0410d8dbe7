import { beforeAll, describe, expect, it } from 'vitest';
import { api, as } from '../support/client.js';
import { anotherDevice, makeDirect, makeGroup, makeUser, makeUsers, type TestUser } from '../support/factories.js';
import { block, pagesOf, unblock } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connectAs, nextEvent } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const add = (user: TestUser, body: object) => as(user).post('/api/contacts', body);

describe('contacts', () => {
  it("are added once, by id or by username, and published to the caller's other devices", async () => {
    const [ada, bob] = [await makeUser(server), await makeUser(server, { displayName: 'Bób' })];
    const socket = await connectAs(server, await anotherDevice(server, ada));
    const first = await add(ada, { userId: bob.id, alias: 'Bobby' });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ alias: 'Bobby', user: { id: bob.id, displayName: 'Bób' } });
    const received = await nextEvent(socket, 'contact:updated');
    expect(received).toMatchObject({ userId: bob.id, blocked: false, contact: { alias: 'Bobby' } });
    const again = await add(ada, { username: bob.username.toUpperCase() });
    expect([again.status, again.body.alias]).toEqual([200, 'Bobby']);
    const list = (await as(ada).get('/api/contacts')).body;
    expect(list.items).toEqual([again.body]);
    const renamed = await as(ada).patch(`/api/contacts/${bob.id}`, { alias: null });
    expect([renamed.status, renamed.body.alias]).toEqual([200, null]);
    for (const _ of [1, 2]) expect((await as(ada).delete(`/api/contacts/${bob.id}`)).status).toBe(204);
    expect(await nextEvent(socket, 'contact:updated', (event) => event.contact === null)).toBeTruthy();
    expect((await as(ada).patch(`/api/contacts/${bob.id}`, { alias: 'x' })).status).toBe(404);
    expect((await as(bob).get('/api/contacts')).body.items).toEqual([]);
  });

  it('are other users, named in exactly one way', async () => {
    const ada = await makeUser(server);
    expect((await add(ada, { userId: '0'.repeat(24) })).status).toBe(404);
    expect((await add(ada, { username: 'nobody_of_this_name' })).status).toBe(404);
    for (const body of [{}, { userId: ada.id }, { userId: ada.id, username: ada.username }, { userId: ada.id, x: 1 }])
      expect((await add(ada, body)).status, JSON.stringify(body)).toBe(400);
  });

  it('are paged in the order they were added, and filtered by alias, name and username', async () => {
    const ada = await makeUser(server);
    const people = [];
    for (const displayName of ['Élodie', 'Zoë', 'Max', 'Ida', 'Kim']) {
      const one = await makeUser(server, { displayName });
      people.push(one);
      await add(ada, { userId: one.id, ...(displayName === 'Kim' ? { alias: 'Elodie too' } : {}) });
    }
    const seen: string[] = [];
    for await (const page of pagesOf((cursor) => as(ada).get(`/api/contacts?limit=2${cursor}`))) {
      seen.push(...page.map((one) => one.user.id));
      // A removed contact disturbs no page, and nobody is listed twice.
      if (seen.length === 2) await as(ada).delete(`/api/contacts/${people[0]!.id}`);
    }
    expect(seen).toEqual(people.map(({ id }) => id));
    const found = async (q: string): Promise<string[]> =>
      (await as(ada).get(`/api/contacts?q=${encodeURIComponent(q)}`)).body.items.map((one) => one.user.id);
    await add(ada, { userId: people[0]!.id });
    expect(await found('ÉLO')).toEqual([people[4]!.id, people[0]!.id]);
    expect(await found(people[2]!.username.slice(1))).toEqual([people[2]!.id]);
    expect(await found('.*')).toEqual([]);
  });

  it('requirement 93: and blocks stay consistent under concurrent changes', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const actions: (() => Promise<{ status: number }>)[] = [
      () => block(ada, bob),
      () => unblock(ada, bob),
      () => add(ada, { userId: bob.id }),
      () => as(ada).patch(`/api/contacts/${bob.id}`, { alias: 'B' }),
      () => as(ada).delete(`/api/contacts/${bob.id}`),
    ];
    const pairs = actions.flatMap((one) => actions.map((other) => [one, other] as const));
    for (const [one, other] of [...pairs, ...pairs]) {
      const answers = await Promise.all([one(), other(), one(), other()]);
      for (const { status } of answers) expect([200, 201, 204, 404]).toContain(status);
      const contacts = (await as(ada).get('/api/contacts')).body.items;
      const blocked = (await as(ada).get('/api/contacts/blocked')).body.items;
      expect(contacts.length).toBeLessThan(2);
      expect(blocked.length).toBeLessThan(2);
      // Neither half depends on the other one.
      await block(ada, bob);
      expect((await as(ada).get('/api/contacts')).body.items).toEqual(contacts);
      await unblock(ada, bob);
      expect((await as(ada).get('/api/contacts')).body.items).toEqual(contacts);
    }
    expect((await as(bob).get('/api/contacts/blocked')).body.items).toEqual([]);
  });
});

describe('the directory', () => {
  const search = async (user: TestUser, q: string): Promise<string[]> =>
    (await as(user).get(`/api/contacts/search?q=${encodeURIComponent(q)}`)).body.items.map((one) => one.id);

  it('requirement 38: finds users by literal prefixes of usernames and of words in names', async () => {
    const ada = await makeUser(server);
    const suffix = ada.username.slice(1);
    const bob = await makeUser(server, { displayName: `Ána-Lucía ${suffix}éé Vega` });
    expect(await search(ada, bob.username.slice(0, 8))).toContain(bob.id);
    expect(await search(ada, `${suffix}E`)).toEqual([bob.id]);
    expect(await search(ada, `${suffix}ée ve`)).toEqual([bob.id]);
    expect(await search(ada, `ana-lucia ${suffix}`)).toEqual([bob.id]);
    expect(await search(ada, suffix.slice(2))).toEqual([]);
    for (const q of ['.*', '^u', '$ne', '%%', '((', `${suffix}.`]) expect(await search(ada, q)).toEqual([]);
    expect((await as(ada).get('/api/contacts/search?q=a')).status).toBe(400);
    expect((await as(ada).get(`/api/contacts/search?q=${'a'.repeat(65)}`)).status).toBe(400);
    await as(bob).put('/api/users/profile', { displayName: 'Somebody else' });
    expect(await search(ada, `${suffix}E`)).toEqual([]);
  });

  it('returns at most 20 users, never the caller, and matches an email address only if its owner allows it', async () => {
    const ada = await makeUser(server);
    const suffix = `q${ada.username}`.slice(0, 10);
    for (let n = 0; n < 22; n++) await makeUser(server, { displayName: `${suffix} ${n}` });
    expect(await search(ada, suffix)).toHaveLength(20);
    expect(await search(ada, ada.username)).toEqual([]);
    const bob = await makeUser(server);
    expect(await search(ada, bob.email)).toEqual([]);
    expect(await search(ada, `x${bob.email}`)).toEqual([]);
    await as(bob).put('/api/users/privacy', { findByEmail: true });
    expect(await search(ada, bob.email.toUpperCase())).toEqual([bob.id]);
    expect(await search(ada, bob.email.slice(0, -1))).toEqual([]);
  });

  it('requirement 55: cannot be used to harvest people', async () => {
    const limited = await startTestServer({ RATE_LIMIT_FACTOR: '1' });
    const ada = await makeUser(limited);
    const statuses: number[] = [];
    for (let n = 0; n < 25; n++) statuses.push((await api(limited).as(ada).get(`/api/contacts/search?q=a${n}`)).status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(200));
    expect(statuses.slice(-3)).toEqual([429, 429, 429]);
  });

  it('resolves ids only of users the caller is connected with', async () => {
    const people = await makeUsers(server, 6);
    const [ada, direct, member, contact, stranger, admirer] = people as TestUser[] & { length: 6 };
    await makeDirect(server, ada!, direct!);
    await makeGroup(server, member!, [ada!]);
    await add(ada!, { userId: contact!.id });
    await add(admirer!, { userId: ada!.id });
    const ids = [stranger!, contact!, member!, direct!, admirer!, ada!].map(({ id }) => id);
    const { status, body } = await as(ada!).get(`/api/users?ids=${ids.join(',')},${'0'.repeat(24)}`);
    expect(status).toBe(200);
    expect(body.items.map((one) => one.id)).toEqual([contact!.id, member!.id, direct!.id, ada!.id]);
    expect((await as(ada!).get('/api/users?ids=nobody')).status).toBe(400);
    expect((await as(ada!).get(`/api/users?ids=${Array(101).fill(ada!.id).join(',')}`)).status).toBe(400);
  });
});

describe('a status', () => {
  it('replaces the previous one, expires, and is published', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    await makeDirect(server, ada, bob);
    const socket = await connectAs(server, bob);
    const own = await connectAs(server, ada);
    const set = await as(ada).put('/api/users/status', { emoji: '👩🏽‍🚀', text: 'up' });
    expect(set.body.status).toEqual({ emoji: '👩🏽‍🚀', text: 'up', expiresAt: null });
    expect((await nextEvent(socket, 'user:updated')).user.status).toEqual(set.body.status);
    expect((await nextEvent(own, 'settings:updated')).me!.status).toEqual(set.body.status);
    const expiresAt = new Date(Date.now() + 700);
    const short = await as(ada).put('/api/users/status', { text: 'not for long', expiresAt: expiresAt.toISOString() });
    expect(short.body.status).toEqual({ emoji: null, text: 'not for long', expiresAt: expiresAt.toISOString() });
    expect((await as(bob).get(`/api/users/${ada.id}`)).body.status?.text).toBe('not for long');
    const seen = async (): Promise<unknown> => (await as(bob).get(`/api/users/${ada.id}`)).body.status;
    while ((await seen()) !== null) expect(Date.now()).toBeLessThan(expiresAt.getTime() + 5_000);
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime());
    for (const _ of [1, 2]) expect((await as(ada).delete('/api/users/status')).body.status).toBeNull();
    expect((await as(ada).put('/api/users/status', {})).body.status).toBeNull();
  });

  it('requirement 43: has exactly one emoji, as it was sent', async () => {
    const ada = await makeUser(server);
    const fine = ['❤️', '❤', '1️⃣', '🇫🇷', '👨‍👩‍👧‍👦', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏳️‍🌈', '🏳‍🌈', '👍🏿'];
    for (const emoji of fine)
      expect((await as(ada).put('/api/users/status', { emoji })).body.status!.emoji).toBe(emoji);
    for (const emoji of ['', 'a', '1', '👍👍', '👍 ', '❤️a', '🇫', '\u200d', '👍'.repeat(100), '😀\u0301'])
      expect((await as(ada).put('/api/users/status', { emoji })).status, emoji).toBe(400);
    expect((await as(ada).put('/api/users/status', { text: 'x'.repeat(101) })).status).toBe(400);
    expect((await as(ada).put('/api/users/status', { expiresAt: '2020-01-01T00:00:00Z' })).status).toBe(400);
  });
});
