import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnServer, type ChildServer } from '../support/child.js';
import { api, type Answer } from '../support/client.js';
import { makeGroup, makeUser, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { freshDatabase, freshUri, spawnStore, type StoreProcess } from '../support/store.js';

const rounds = Number(process.env['GROUP_ROUNDS'] ?? 4);
/** The number of groups that race at once. */
const atOnce = 20;
const patient = { timeout: 600_000 };

interface World {
  servers: readonly [ChildServer, ChildServer];
  creator: TestUser;
  one: TestUser;
  two: TestUser;
  id: string;
  /** A client of one of the two servers. */
  as: (server: 0 | 1, user: TestUser) => ReturnType<ReturnType<typeof api>['as']>;
}

/** Creates three users and this many groups of them. */
async function makeWorlds(servers: readonly [ChildServer, ChildServer], count: number): Promise<World[]> {
  const as: World['as'] = (server, user) => api(servers[server]).as(user);
  const people = await Promise.all([0, 1, 2].map(() => makeUser(servers[0])));
  const [creator, one, two] = people as [TestUser, TestUser, TestUser];
  const groups = await Promise.all(Array.from({ length: count }, () => makeGroup(servers[0], creator, [one, two])));
  return groups.map(({ id }) => ({ servers, creator, one, two, id, as }));
}

const promote = (world: World, user: TestUser, role: string) =>
  world.as(0, world.creator).patch(`/api/groups/${world.id}/members/${user.id}`, { role });

const statusesOf = (answers: Answer[]): number[] => answers.map(({ status }) => status).sort();

/** What two users do at the same time on two servers, and how it may end. */
const races: Record<string, (world: World) => Promise<void>> = {
  async 'two members remove each other'(world) {
    const { one, two, id, as, creator } = world;
    await promote(world, one, 'admin');
    await promote(world, two, 'moderator');
    const answers = await Promise.all([
      as(0, one).delete(`/api/groups/${id}/members/${two.id}`),
      as(1, creator).delete(`/api/groups/${id}/members/${one.id}`),
    ]);
    expect(answers[1]?.status).toBe(204);
    expect([204, 404]).toContain(answers[0]?.status);
    expect((await as(1, one).get(`/api/groups/${id}`)).status).toBe(404);
  },
  async 'a creator leaves while transferring the group'({ creator, one, two, id, as }) {
    const answers = await Promise.all([
      as(0, creator).post(`/api/groups/${id}/leave`),
      as(1, creator).post(`/api/groups/${id}/transfer`, { userId: two.id }),
    ]);
    expect(answers[0]?.status).toBe(204);
    const members = (await as(0, two).get(`/api/groups/${id}/members`)).body.items;
    expect(members).toHaveLength(2);
    expect(members.filter(({ role }) => role === 'creator')).toHaveLength(1);
    expect([one.id, two.id]).toContain(members[0]!.user.id);
  },
  async 'a member is promoted while being removed'({ creator, one, id, as }) {
    const answers = await Promise.all([
      as(0, creator).patch(`/api/groups/${id}/members/${one.id}`, { role: 'admin' }),
      as(1, creator).delete(`/api/groups/${id}/members/${one.id}`),
    ]);
    expect(answers[1]?.status).toBe(204);
    expect([200, 404]).toContain(answers[0]?.status);
    expect((await as(0, creator).get(`/api/groups/${id}`)).body.memberCount).toBe(2);
  },
  async 'a member sends messages while being removed'({ creator, one, id, as, servers }) {
    const sending = Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        as(n % 2 === 0 ? 0 : 1, one).post('/api/messages', {
          conversationId: id,
          clientId: `r${n}`,
          text: `text ${n}`,
        }),
      ),
    );
    expect((await as(1, creator).delete(`/api/groups/${id}/members/${one.id}`)).status).toBe(204);
    const { seq } = (await as(0, creator).get(`/api/groups/${id}`)).body;
    const answers = await sending;
    expect(statusesOf(answers).every((status) => status === 201 || status === 404)).toBe(true);
    await sendText(servers[0], creator, id, 'after');
    const { items } = (await as(0, creator).get(`/api/messages?conversationId=${id}&after=${seq}`)).body;
    expect(items.map(({ text }) => text)).toEqual(['after']);
  },
};

let store: StoreProcess | null = null;
let servers: readonly [ChildServer, ChildServer];
beforeAll(async () => {
  // With a MongoDB in MONGODB_URI, writers really race.
  if (!process.env['MONGODB_URI']) store = await spawnStore();
  const env = {
    MONGODB_URI: store ? store.uri(freshDatabase()) : await freshUri(),
    SECRET_KEY: 'one key for both of the servers of this test',
    GROUP_MAX_MEMBERS: '6',
  };
  servers = [await spawnServer(env), await spawnServer(env)];
});
// Stopping a server runs the data check over every group.
afterAll(async () => {
  for (const server of servers) await server.stop();
  await store?.stop();
});

it.each(Object.keys(races))('requirement 91: %s, and the group stays valid', patient, async (name) => {
  const race = races[name];
  if (!race) throw new Error(`There is no race ${name}`);
  for (let left = rounds; left > 0; left -= atOnce) {
    await Promise.all((await makeWorlds(servers, Math.min(left, atOnce))).map(race));
  }
});

it('requirement 91: fifty concurrent additions duplicate nobody and never exceed the limit', patient, async () => {
  const creator = await makeUser(servers[0]);
  const people = await makeUsers(servers[0], 8);
  const { id } = await makeGroup(servers[0], creator, []);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      api(servers[n % 2 === 0 ? 0 : 1])
        .as(creator)
        .post(`/api/groups/${id}/members`, { userIds: [people[n % 8]?.id, people[(n + 3) % 8]?.id] }),
    ),
  );
  expect(new Set(statusesOf(answers))).toEqual(new Set([200]));
  const members = (await api(servers[1]).as(creator).get(`/api/groups/${id}/members`)).body.items;
  expect(new Set(members.map(({ user }) => user.id)).size).toBe(6);
  expect(members).toHaveLength(6);
  expect(answers.some(({ body }) => body.refused.some(({ code }) => code === 'conflict'))).toBe(true);
});
