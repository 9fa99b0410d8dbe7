import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { makeDirect, makeGroup, makeUser, makeUsers, sendText, unknownId } from '../support/factories.js';
import { fence } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

describe('probing', () => {
  it("requirement 59: other users' messages and conversations is answered with 404, and nobody receives an event", async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    const direct = await makeDirect(server, ada, bob);
    const group = await makeGroup(server, ada, [bob]);
    const sent = [await sendText(server, ada, direct.id, 'one'), await sendText(server, ada, group.id, 'two')];
    const [listening, asking] = [await connectAs(server, bob), await connectAs(server, eve)];
    for (const messageId of [...sent.map(({ id }) => id), unknownId()]) {
      const replies = [
        await ask(asking, 'message:edit', { messageId, text: 'x' }),
        await ask(asking, 'message:delete', { messageId }),
        await ask(asking, 'message:delete', { messageId, scope: 'me' }),
      ];
      expect(replies.map(({ error }) => error?.code)).toEqual(replies.map(() => 'not_found'));
      expect((await as(eve).get(`/api/messages/${messageId}/receipts`)).status).toBe(404);
    }
    for (const conversationId of [direct.id, group.id, unknownId()]) {
      const replies = [
        await ask(asking, 'conversation:read', { conversationId, seq: 1 }),
        await ask(asking, 'conversation:delivered', { conversationId, seq: 1 }),
        await ask(asking, 'typing:start', { conversationId }),
      ];
      expect(replies.map(({ error }) => error?.code)).toEqual(replies.map(() => 'not_found'));
    }
    await fence(listening, ada, direct.id);
    // Notifications of the messages above may come at any time.
    const received = eventsOf(listening).map(({ event }) => event);
    expect(received.filter((event) => !event.startsWith('notification:'))).toEqual(['message:created']);
  });

  it('requirement 59: read positions are moved by their owner only, only forward, and only to existing messages', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const { id } = await makeGroup(server, ada, [bob]);
    for (const text of ['one', 'two']) await sendText(server, ada, id, text);
    const read = (body: object) => as(bob).post(`/api/conversations/${id}/read`, body);
    expect((await read({ seq: 1003 })).status).toBe(400);
    expect((await read({ seq: 2, userId: ada.id })).status).toBe(400);
    expect((await read({ seq: 3 })).body).toMatchObject({ readSeq: 3, unreadCount: 0 });
    expect((await read({ seq: 1 })).body).toMatchObject({ readSeq: 3 });
    const receipts = (await as(ada).get(`/api/conversations/${id}/receipts`)).body.items;
    expect(receipts).toEqual([{ userId: bob.id, deliveredSeq: 3, readSeq: 3 }]);
  });
});

describe('scope', () => {
  it('requirement 26: a message of one conversation does not exist in another one', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const ids = [(await makeDirect(server, ada, bob)).id, (await makeGroup(server, ada, [bob])).id];
    const message = await sendText(server, ada, ids[0]!, 'here');
    const quoting = { conversationId: ids[1], clientId: 'q', text: 'there', replyTo: message.id };
    expect((await as(ada).post('/api/messages', quoting)).status).toBe(404);
    const found = await as(ada).get(`/api/messages/search?q=here&conversationId=${ids[1]}`);
    expect(found.body.items).toEqual([]);
    expect((await as(ada).delete(`/api/groups/${ids[1]}/members/${message.id}`)).status).toBe(404);
  });

  it('requirement 27: extra fields never widen what a user can see', async () => {
    const [ada, eve] = await makeUsers(server, 2);
    const { id } = await makeDirect(server, ada, await makeUser(server));
    await sendText(server, ada, id, 'secret');
    const paths = [
      'conversations',
      'messages/search?q=secret',
      `messages?conversationId=${id}`,
      'conversations/unread',
    ];
    for (const path of paths) {
      for (const field of ['userId', 'sender', 'members', '$or', 'rid', 'participants']) {
        const join = path.includes('?') ? '&' : '?';
        const { status, code } = await as(eve).get(`/api/${path}${join}${encodeURIComponent(field)}=${ada.id}`);
        expect([path, field, status, code]).toEqual([path, field, 400, 'invalid_input']);
      }
    }
    expect((await as(eve).post('/api/sync', { userId: ada.id })).status).toBe(400);
    expect((await as(eve).get(`/api/messages/search?q=secret&senderId=${ada.id}`)).body.items).toEqual([]);
    expect((await as(eve).get(`/api/messages/search?q=secret&conversationId=${id}`)).status).toBe(404);
  });
});
