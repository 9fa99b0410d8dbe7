import { expect, it } from 'vitest';
import { api } from '../support/client.js';
import { makeDirect, makeUsers, sendText } from '../support/factories.js';
import { startProxy } from '../support/proxy.js';
import { startTestServer } from '../support/server.js';
import { ask, connectAs, nextEvent } from '../support/sockets.js';
import { freshDatabase, spawnStore, uriOfSocket } from '../support/store.js';

/** Three times the promised three seconds. */
const boundMs = 9_000;

/** Repeats a check until it succeeds; throws after `withinMs`. */
async function until(check: () => Promise<boolean>, withinMs: number): Promise<void> {
  const began = Date.now();
  while (!(await check())) {
    if (Date.now() - began > withinMs) throw new Error(`not within ${withinMs} ms`);
  }
}

it('requirement 84: while the database is down, requests fail in time and sockets stay, and everything continues when it is back', async () => {
  const store = await spawnStore();
  const proxy = await startProxy({ path: store.socketPath });
  const server = await startTestServer({ MONGODB_URI: uriOfSocket(proxy.socketPath ?? '', freshDatabase()) });
  const [ada, bob] = await makeUsers(server, 2);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  await sendText(server, ada, conversationId, 'before');
  const [sending, listening] = [await connectAs(server, ada), await connectAs(server, bob)];
  const status = async (path: string): Promise<number> => (await fetch(server.url + path)).status;

  for (const fault of [{ refuse: true }, { blackhole: true }]) {
    proxy.set(fault);
    if (fault.refuse) proxy.cut();
    const began = Date.now();
    const [rest, ack] = await Promise.all([
      api(server).as(ada).get('/api/users/me'),
      ask(sending, 'message:send', { conversationId, clientId: JSON.stringify(fault), text: 'meanwhile' }),
    ]);
    expect([rest.status, rest.code, ack.error?.code]).toEqual([503, 'unavailable', 'unavailable']);
    expect(Number(rest.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Date.now() - began).toBeLessThan(boundMs);
    expect([await status('/health/ready'), await status('/health/live')]).toEqual([503, 200]);
    expect([sending.connected, listening.connected]).toEqual([true, true]);
    proxy.set({});
    await until(async () => (await status('/health/ready')) === 200, 3 * 5_000);
    const again = await ask(
      sending,
      'message:send',
      { conversationId, clientId: JSON.stringify(fault), text: 'meanwhile' },
      30_000,
    );
    expect(again.ok).toBe(true);
    await nextEvent(listening, 'message:created', ({ message }) => message.clientId === JSON.stringify(fault));
  }
  const list = await api(server).as(bob).get(`/api/messages?conversationId=${conversationId}`);
  expect(list.body.items.map(({ seq, text }) => [seq, text])).toEqual([
    [1, 'before'],
    [2, 'meanwhile'],
    [3, 'meanwhile'],
  ]);
  await server.stop();
  await proxy.stop();
  await store.stop();
});

it('requirement 85: messages whose store replies were lost are stored once', async () => {
  const store = await spawnStore();
  const proxy = await startProxy({ path: store.socketPath });
  const server = await startTestServer({ MONGODB_URI: uriOfSocket(proxy.socketPath ?? '', freshDatabase()) });
  const [ada, bob] = await makeUsers(server, 2);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  await sendText(server, ada, conversationId, 'n 1', 'n-1');
  for (let n = 2; n <= 4; n++) {
    proxy.set({ dropReplies: true });
    const lost = await api(server)
      .as(ada)
      .post('/api/messages', { conversationId, clientId: `n-${n}`, text: `n ${n}` });
    expect([201, 503]).toContain(lost.status);
    proxy.set({});
    await until(async () => {
      const input = { conversationId, clientId: `n-${n}`, text: `n ${n}` };
      return (await api(server).as(ada).post('/api/messages', input)).status < 400;
    }, 20_000);
  }
  const list = await api(server).as(bob).get(`/api/messages?conversationId=${conversationId}`);
  expect(list.body.items.map(({ seq, clientId }) => [seq, clientId])).toEqual([
    [1, 'n-1'],
    [2, 'n-2'],
    [3, 'n-3'],
    [4, 'n-4'],
  ]);
  await server.stop();
  await proxy.stop();
  await store.stop();
});
