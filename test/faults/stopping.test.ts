import { join } from 'node:path';
import { createConnection } from 'mongoose';
import { expect, it } from 'vitest';
import { root } from '../support/build.js';
import { spawnNode, spawnServer } from '../support/child.js';
import { api } from '../support/client.js';
import { makeDirect, makeUser, makeUsers } from '../support/factories.js';
import { startTestServer } from '../support/server.js';
import { connectAs, nextEvent, untilClosed } from '../support/sockets.js';
import { freshUri } from '../support/store.js';

it('requirement 97: a stopping server announces it, finishes pending requests, and exits cleanly', async () => {
  const server = await spawnServer();
  const [ada, bob] = await makeUsers(server, 2);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  const socket = await connectAs(server, bob);
  const closed = untilClosed(socket);
  const sends = Array.from({ length: 100 }, (_, n) =>
    api(server)
      .as(ada)
      .post('/api/messages', { conversationId, clientId: `m-${n}`, text: `m ${n}` })
      .then(({ status }) => ({ clientId: `m-${n}`, status }))
      .catch(() => ({ clientId: `m-${n}`, status: 0 })),
  );
  await Promise.race(sends);
  const began = Date.now();
  server.process.kill('SIGTERM');
  const stopping = await nextEvent(socket, 'server:stopping');
  expect(stopping.retryAfterMs).toBeGreaterThan(0);
  await closed;
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - began).toBeLessThan(10_000);
  const outcomes = await Promise.all(sends);
  for (const { status } of outcomes) expect([201, 503, 0]).toContain(status);

  const again = await spawnServer({ DATA_DIR: server.dataDir });
  const list = await api(again).as(bob).get(`/api/messages?conversationId=${conversationId}&limit=100`);
  const stored = new Set(list.body.items.map(({ clientId }) => clientId));
  for (const { clientId, status } of outcomes) if (status === 201) expect(stored.has(clientId)).toBe(true);
  await again.stop();
});

it('requirement 97: a stopping server answers readiness and new requests with 503', async () => {
  const server = await startTestServer();
  const user = await makeUser(server);
  server.context.draining.begin();
  const ready = await api(server).get('/health/ready');
  expect([ready.status, ready.code]).toEqual([503, 'unavailable']);
  expect((await api(server).get('/health/live')).status).toBe(200);
  const refused = await api(server).as(user).get('/api/users/me');
  expect([refused.status, refused.code, refused.headers.get('connection')]).toEqual([503, 'unavailable', 'close']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

it('requirement 96: a second server on the same data folder fails and names the process that has it', async () => {
  const server = await spawnServer();
  const second = spawnNode([join(root, 'dist', 'server.js')], { ...server.env, DATA_DIR: server.dataDir });
  expect((await second.exited).code).toBe(1);
  expect(second.stderr).toContain(`in use by process ${server.pid}`);
  expect((await api(server).get('/health/ready')).status).toBe(200);
  await server.stop();
});

it('requirement 98: health endpoints report liveness and readiness, and nothing else', async () => {
  const server = await startTestServer();
  for (const path of ['/health/live', '/health/ready']) {
    const answer = await api(server).get(path);
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
    expect((await api(server).post(path, {})).status).toBe(405);
  }
});

it('requirement 96: missing unique indexes are built before the server accepts requests', async () => {
  const uri = await freshUri();
  const first = await startTestServer({ MONGODB_URI: uri });
  await first.stop();
  const database = await createConnection(uri).asPromise();
  await database.collection('users').dropIndex('username_1');
  await database.collection('conversations').dropIndex('pair_1');
  const second = await startTestServer({ MONGODB_URI: uri });
  const names = async (collection: string): Promise<unknown[]> =>
    (await database.collection(collection).indexes()).filter(({ unique }) => unique).map(({ name }) => name);
  expect(await names('users')).toContain('username_1');
  expect(await names('conversations')).toContain('pair_1');
  await second.stop();
  await database.close();
});

it('requirement 96: a database written by a newer server is rejected with an explanation', async () => {
  const uri = await freshUri();
  const database = await createConnection(uri).asPromise();
  await database.collection<{ _id: string; version: number }>('meta').insertOne({ _id: 'schema', version: 99 });
  await expect(startTestServer({ MONGODB_URI: uri })).rejects.toThrow(/schema version 99.*newer server/);
  await database.close();
});
