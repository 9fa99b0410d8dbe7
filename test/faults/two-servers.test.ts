import { expect, it } from 'vitest';
import { spawnServer } from '../support/child.js';
import { api, type Target } from '../support/client.js';
import { anotherDevice, makeDirect, makeUser, type TestUser } from '../support/factories.js';
import { historyOf } from '../support/requests.js';
import { ask, connectAs } from '../support/sockets.js';
import { freshDatabase, spawnStore } from '../support/store.js';

const each = 250;

it('requirement 76: two servers on one store produce one order without a gap, and keep the order of each sender', async () => {
  const store = await spawnStore();
  const env = { MONGODB_URI: store.uri(freshDatabase()), SECRET_KEY: 'one key for both of the servers of this test' };
  const servers = [await spawnServer(env), await spawnServer(env)] as const;
  const [ada, bob] = [await makeUser(servers[0]), await makeUser(servers[1])];
  const { id: conversationId } = await makeDirect(servers[0], ada, bob);

  /** A device that sends over REST, one message after the other. */
  async function overRest(server: Target, user: TestUser, name: string): Promise<void> {
    const device = await anotherDevice(server, user);
    for (let n = 1; n <= each; n++) {
      const input = { conversationId, clientId: `${name}-${n}`, text: `${name} ${n}` };
      expect((await api(server).as(device).post('/api/messages', input)).status).toBe(201);
    }
  }

  /** A device that sends over a socket, 25 messages at a time. */
  async function overSocket(server: Target, user: TestUser, name: string): Promise<void> {
    const socket = await connectAs(server, await anotherDevice(server, user));
    for (let n = 1; n <= each; n += 25) {
      const burst = Array.from({ length: 25 }, (_, at) => `${name}-${n + at}`);
      const acks = await Promise.all(
        burst.map((clientId) =>
          ask(socket, 'message:send', { conversationId, clientId, text: clientId.replace('-', ' ') }),
        ),
      );
      for (const ack of acks) expect(ack.ok).toBe(true);
    }
  }

  await Promise.all([
    overRest(servers[0], ada, 'a'),
    overRest(servers[1], ada, 'b'),
    overRest(servers[0], bob, 'c'),
    overRest(servers[1], bob, 'd'),
    overSocket(servers[0], ada, 'e'),
    overSocket(servers[1], ada, 'f'),
    overSocket(servers[0], bob, 'g'),
    overSocket(servers[1], bob, 'h'),
  ]);

  const seen = await historyOf(ada, conversationId);
  expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 8 * each }, (_, n) => n + 1));
  const twin = await historyOf(bob, conversationId);
  expect(twin.map(({ id }) => id)).toEqual(seen.map(({ id }) => id));
  for (const name of 'abcdefgh') {
    const own = seen.filter(({ text }) => text.startsWith(`${name} `)).map(({ text }) => Number(text.slice(2)));
    expect(own).toEqual(Array.from({ length: each }, (_, n) => n + 1));
  }
  for (const server of servers) await server.stop();
  await store.stop();
});
