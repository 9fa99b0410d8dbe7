import { expect, it } from 'vitest';
import { spawnServer, type ChildServer } from '../support/child.js';
import { api, type Target } from '../support/client.js';
import { makeDirect, makeUsers, type TestUser } from '../support/factories.js';
import { untilAnswered } from '../support/until-answered.js';
import { historyOf } from '../support/requests.js';
import { freshDatabase, spawnStore } from '../support/store.js';

const each = 40;

/** Sends numbered messages and retries each until it is answered, like a persistent client. */
async function sendAll(at: Target, user: TestUser, conversationId: string, name: string): Promise<string[]> {
  const acked: string[] = [];
  for (let n = 1; n <= each; n++) {
    const input = { conversationId, clientId: `${name}-${n}`, text: `${name} ${n}` };
    await untilAnswered(() => api(at).as(user).post('/api/messages', input), [200, 201]);
    acked.push(input.clientId);
  }
  return acked;
}

async function expectWhole(server: Target, reader: TestUser, conversationId: string, acked: string[][]): Promise<void> {
  const found = await historyOf(reader, conversationId, server);
  expect(found.map(({ seq }) => seq)).toEqual(found.map((_, place) => place + 1));
  expect(found.map(({ clientId }) => clientId).sort()).toEqual(acked.flat().sort());
  for (const own of acked) {
    const name = own[0]?.split('-')[0] ?? '';
    expect(found.filter(({ text }) => text.startsWith(`${name} `)).map(({ clientId }) => clientId)).toEqual(own);
  }
}

it('requirement 73: kill -9 of the server under load loses and duplicates no acknowledged message', async () => {
  let server: ChildServer = await spawnServer();
  const at: Target = { url: server.url };
  const [ada, bob] = await makeUsers(server, 2);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  let isDone = false;
  const clients = Promise.all(
    ['a', 'b', 'c', 'd'].map((name, place) => sendAll(at, place % 2 ? bob : ada, conversationId, name)),
  ).finally(() => (isDone = true));
  for (let kill = 0; kill < 4 && !isDone; kill++) {
    const seen = async (): Promise<number> =>
      (
        await api(at)
          .as(ada)
          .get(`/api/conversations/${conversationId}`)
          .catch(() => null)
      )?.body.seq ?? 0;
    const before = await seen();
    while (!isDone && (await seen()) < before + 15);
    await server.kill('SIGKILL');
    server = await spawnServer({ DATA_DIR: server.dataDir });
    at.url = server.url;
  }
  await expectWhole(server, ada, conversationId, await clients);
  await server.stop();
});

it('requirement 73: kill -9 of the store under load loses and duplicates no acknowledged message', async () => {
  const store = await spawnStore();
  const env = { MONGODB_URI: store.uri(freshDatabase()), SECRET_KEY: 'the one key of the server of this test here' };
  const server = await spawnServer(env);
  const [ada, bob] = await makeUsers(server, 2);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  let isDone = false;
  const clients = Promise.all(
    ['a', 'b', 'c', 'd'].map((name, place) => sendAll(server, place % 2 ? bob : ada, conversationId, name)),
  ).finally(() => (isDone = true));
  for (let kill = 0; kill < 2 && !isDone; kill++) {
    const seen = async (): Promise<number> =>
      (await api(server).as(ada).get(`/api/conversations/${conversationId}`)).body.seq ?? 0;
    const before = await seen();
    while (!isDone && (await seen()) < before + 15);
    await store.kill('SIGKILL');
    await store.restart();
  }
  await expectWhole(server, ada, conversationId, await clients);
  await server.stop();
  await store.stop();
});
