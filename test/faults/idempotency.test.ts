import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnServer } from '../support/child.js';
import { api } from '../support/client.js';
import { anotherDevice, makeDirect, makeUser, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextMessage } from '../support/sockets.js';

describe('repeated requests', () => {
  let server: TestServer;
  let ada: TestUser;
  let bob: TestUser;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, bob] = await makeUsers(server, 2);
  });
  afterAll(() => server.stop());

  it('requirement 75: 50 identical concurrent sends over both transports are one message and one event', async () => {
    const { id: conversationId } = await makeDirect(server, ada, bob);
    const [phone, laptop] = [ada, await anotherDevice(server, ada)];
    const [sending, listening] = [await connectAs(server, laptop), await connectAs(server, bob)];
    const input = { conversationId, clientId: 'fifty', text: 'once' };
    const replies = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        if (at % 2) return (await ask(sending, 'message:send', input)).data;
        return (await api(server).as(phone).post('/api/messages', input)).body;
      }),
    );
    for (const reply of replies) expect(reply).toEqual(replies[0]);
    const marker = await sendText(server, ada, conversationId, 'a marker');
    expect(marker.seq).toBe(2);
    await nextMessage(listening, marker.id);
    const received = eventsOf(listening, 'message:created').map(({ payload }) => payload.message.clientId);
    expect(received.filter((clientId) => clientId === 'fifty')).toHaveLength(1);
    const list = await api(server).as(bob).get(`/api/messages?conversationId=${conversationId}`);
    expect(list.body.items.map(({ text }) => text)).toEqual(['once', 'a marker']);
  });

  it('requirement 75: a clientId belongs to its sender and conversation', async () => {
    const carl = await makeUser(server);
    const [one, other] = [await makeDirect(server, carl, bob), await makeDirect(server, carl, ada)];
    const ids = [
      await sendText(server, carl, one.id, 'x', 'same'),
      await sendText(server, carl, other.id, 'x', 'same'),
      await sendText(server, bob, one.id, 'x', 'same'),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    const again = await api(server)
      .as(carl)
      .post('/api/messages', { conversationId: one.id, clientId: 'same', text: 'x' });
    expect([again.status, again.body.id]).toEqual([200, ids[0]]);
    const different = await api(server)
      .as(carl)
      .post('/api/messages', { conversationId: one.id, clientId: 'same', text: 'y' });
    expect([different.status, different.code]).toEqual([409, 'client_id_reused']);
  });

  it('requirement 92: concurrent opening creates one direct conversation of two users', async () => {
    const [carl, dora] = await makeUsers(server, 2);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => {
        const [from, to] = at % 2 ? [carl, dora] : [dora, carl];
        return api(server).as(from).post('/api/conversations', { type: 'direct', userId: to.id });
      }),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
  });

  it('requirement 92: saved messages are one conversation, too', async () => {
    const carl = await makeUser(server);
    const [first, second] = [await makeDirect(server, carl, carl), await makeDirect(server, carl, carl)];
    expect([first.id, first.memberCount, first.peer!.id]).toEqual([second.id, 1, carl.id]);
    expect((await sendText(server, carl, first.id, 'a note')).state).toBe('read');
  });
});

it('requirement 75: a retry after kill -9 over the other transport returns the first message', async () => {
  const first = await spawnServer();
  const [ada, bob] = await makeUsers(first, 2);
  const { id: conversationId } = await makeDirect(first, ada, bob);
  const message = await sendText(first, ada, conversationId, 'kept', 'kept-1');
  await first.kill('SIGKILL');
  const second = await spawnServer({ DATA_DIR: first.dataDir });
  const socket = await connectAs(second, ada);
  const again = await ask(socket, 'message:send', { conversationId, clientId: 'kept-1', text: 'kept' });
  expect(again.data).toEqual(message);
  const other = await ask(socket, 'message:send', { conversationId, clientId: 'kept-1', text: 'changed' });
  expect(other.error?.code).toBe('client_id_reused');
  await second.stop();
});
