import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, as } from '../support/client.js';
import {
  anotherDevice,
  makeDirect,
  makePair,
  makeUser,
  makeUsers,
  sendText,
  type TestUser,
} from '../support/factories.js';
import { randomOf } from '../support/random.js';
import { Replica } from '../support/replica.js';
import { reactionPath } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, nextEvent } from '../support/sockets.js';
import type { Message, SyncAnswer } from '../support/wire.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const sync = (user: TestUser, body: object = {}) => as(user).post('/api/sync', body);

describe('sync', () => {
  it("starts with all of the user's data, and each conversation with its newest message", async () => {
    const { ada, bob, id } = await makePair(server);
    for (const text of ['one', 'two']) await sendText(server, ada, id, text);
    const { body } = await sync(bob);
    expect(body).toMatchObject({ hasMore: false, contacts: [], blocked: [], notifications: { items: [], unread: 0 } });
    expect(body.me).toEqual((await as(bob).get('/api/users/me')).body);
    expect(body.removedConversationIds).toEqual([]);
    const conversation = (await as(bob).get(`/api/conversations/${id}`)).body;
    expect(body.conversations).toEqual([
      {
        conversation,
        messages: [conversation.lastMessage],
        limited: true,
        members: [],
        removedMemberIds: [],
        hiddenMessageIds: [],
      },
    ]);
    const again = (await sync(bob, { cursor: body.cursor })).body;
    expect(again).toEqual({ cursor: again.cursor, hasMore: false, conversations: [], removedConversationIds: [] });
  });

  it('reports messages, changes, receipts, settings and hidden messages since a cursor, once each and in their current state', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = [];
    for (const text of ['one', 'two', 'three', 'four']) sent.push(await sendText(server, ada, id, text));
    const { cursor } = (await sync(bob)).body;
    const since = async () => (await sync(bob, { cursor })).body.conversations;
    for (const text of ['second', 'third']) await as(ada).patch(`/api/messages/${sent[0]!.id}`, { text });
    await as(ada).delete(`/api/messages/${sent[1]!.id}`);
    await as(bob).delete(`/api/messages/${sent[2]!.id}?scope=me`);
    const [received] = await since();
    expect(received).toMatchObject({ limited: false, hiddenMessageIds: [sent[2]!.id] });
    expect(received!.messages.map(({ seq, rev, text }) => [seq, rev, text])).toEqual([
      [1, 2, 'third'],
      [2, 3, ''],
    ]);
    expect(received!.conversation).toEqual((await as(bob).get(`/api/conversations/${id}`)).body);
    await as(bob).post(`/api/conversations/${id}/read`, { seq: 1 });
    await as(bob).patch(`/api/conversations/${id}`, { pinned: true });
    expect((await since())[0]!.conversation).toMatchObject({ readSeq: 1, settings: { pinned: true } });
    const mine = (await sync(ada)).body;
    await as(bob).post(`/api/conversations/${id}/read`, { seq: 2 });
    const moved = (await sync(ada, { cursor: mine.cursor })).body.conversations;
    expect(moved).toMatchObject([{ messages: [], limited: false, conversation: { reached: { readSeq: 2 } } }]);
    await as(bob).put('/api/users/profile', { bio: 'another' });
    expect((await sync(bob, { cursor })).body).toMatchObject({ me: { bio: 'another' } });
    expect((await sync(bob, { cursor })).body).not.toHaveProperty('contacts');
  });

  it('restarts a conversation after more than 100 messages, and after it was cleared or reappeared', async () => {
    const { ada, bob, id } = await makePair(server);
    for (let n = 0; n < 20; n++) await sendText(server, ada, id, `early ${n}`);
    const { cursor } = (await sync(bob)).body;
    const received = async (from: string) => (await sync(bob, { cursor: from })).body;
    const send = (count: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, (_, n) => sendText(server, ada, id, `text ${n}`)));
    await send(100);
    expect((await received(cursor)).conversations[0]).toMatchObject({ limited: false });
    expect((await received(cursor)).conversations[0]!.messages).toHaveLength(100);
    await send(1);
    const many = await received(cursor);
    expect(many.conversations[0]!.limited).toBe(true);
    expect(many.conversations[0]!.messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, n) => n + 72));
    await as(bob).delete(`/api/conversations/${id}`);
    const gone = await received(many.cursor);
    expect(gone).toMatchObject({ conversations: [], removedConversationIds: [id] });
    expect((await received(gone.cursor)).removedConversationIds).toEqual([]);
    await send(1);
    for (const from of [gone.cursor, many.cursor]) {
      const back = await received(from);
      expect(back.removedConversationIds).toEqual([]);
      expect(back.conversations).toMatchObject([{ limited: true, messages: [{ seq: 122 }] }]);
    }
  });

  it('pages by conversation, newest activity first, and resumes where it stopped', async () => {
    const ada = await makeUser(server);
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) {
      const { id } = await makeDirect(server, ada, await makeUser(server));
      await sendText(server, ada, id, 'hello');
      ids.unshift(id);
    }
    const received: string[][] = [];
    for (let cursor: string | undefined, more = true; more;) {
      const { body }: Answer<SyncAnswer> = await sync(ada, { limit: 3, ...(cursor ? { cursor } : {}) });
      received.push(body.conversations.map(({ conversation }) => conversation.id));
      expect('me' in body).toBe(cursor === undefined);
      ({ cursor, hasMore: more } = body);
    }
    expect(received).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
  });

  it('accepts a cursor only from its user, and only unaltered', async () => {
    const { ada, bob, id } = await makePair(server);
    await sendText(server, ada, id, 'hello');
    const { cursor } = (await sync(bob)).body;
    const list = (await as(bob).get('/api/conversations?limit=1')).body;
    const altered = `${cursor.slice(0, 30)}${cursor[30] === 'A' ? 'B' : 'A'}${cursor.slice(31)}`;
    for (const wrong of [altered, `${cursor}A`, cursor.slice(1), '', 'x'.repeat(300_000), list.nextCursor ?? '!']) {
      const { status, code } = await sync(bob, { cursor: wrong });
      expect([status, code], wrong.slice(0, 40)).toEqual(
        wrong.length > 256_000 ? [413, 'too_large'] : [400, 'invalid_input'],
      );
    }
    expect((await sync(ada, { cursor })).status).toBe(400);
    const socket = await connectAs(server, bob);
    expect((await ask(socket, 'sync', { cursor: altered })).error?.code).toBe('invalid_input');
    expect((await ask(socket, 'sync', { cursor })).ok).toBe(true);
    expect((await sync(bob, { cursor: 'x'.repeat(200_000) })).status).toBe(400);
  });

  it('requirements 77, 79: a device that was offline ends in the same state as one that never was', async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    const ids: string[] = [];
    const others: Record<string, TestUser> = {};
    for (const other of [bob, eve, ada]) {
      const { id } = await makeDirect(server, ada, other);
      ids.push(id);
      others[id] = other;
    }
    const sent: Message[] = [];
    const random = randomOf(12_345);
    const some = <Value>(list: readonly Value[]): Value => list[random(list.length)] as Value;
    const personIn = (id: string): TestUser => some([ada, others[id] ?? ada]);

    async function step(): Promise<void> {
      const id = some(ids);
      const who = personIn(id);
      const message = sent.length > 0 ? some(sent) : null;
      const author = message && [ada, bob, eve].find((one) => one.id === message.senderId);
      const kind = random(100);
      if (kind < 45 || !message || !author) {
        const quoted = random(4) === 0 ? sent.find((one) => one.conversationId === id) : undefined;
        const body = {
          conversationId: id,
          clientId: `c${sent.length}-${random(1e9)}`,
          text: `text ${sent.length}`,
          mentions: random(3) === 0 ? [ada.id] : [],
          ...(quoted ? { replyTo: quoted.id } : {}),
        };
        const answer = await as(who).post('/api/messages', body);
        // The sender may have hidden or cleared the quoted message.
        if (answer.status === 201) sent.push(answer.body);
        else expect(answer.status).toBe(404);
      } else if (kind < 60) await as(author).patch(`/api/messages/${message.id}`, { text: `edit ${random(1e9)}` });
      else if (kind < 65) await as(author).delete(`/api/messages/${message.id}`);
      else if (kind < 70) {
        const path = reactionPath(message.id, some(['👍', '🎉']));
        await (random(3) > 0 ? as(author).put(path) : as(author).delete(path));
      } else if (kind < 74) await as(some([ada, author])).delete(`/api/messages/${message.id}?scope=me`);
      else if (kind < 88) {
        const { seq } = (await as(who).get(`/api/conversations/${id}`)).body;
        await as(who).post(`/api/conversations/${id}/${some(['read', 'delivered'])}`, { seq: random(seq + 1) });
      } else if (kind < 97)
        await as(who).patch(`/api/conversations/${id}`, {
          [some(['pinned', 'archived', 'markedUnread'])]: random(2) === 0,
        });
      else if (kind < 98) await as(ada).delete(`/api/conversations/${id}`);
      else await as(ada).put('/api/users/profile', { bio: `bio ${random(1e9)}` });
    }

    const socket = await connectAs(server, await anotherDevice(server, ada));
    const present = new Replica(server, ada, socket, 2);
    const away: Replica[] = [];
    for (let n = 0; n < 500; n++) {
      if (n % 10 === 0) {
        const device = new Replica(server, ada, null, 1 + random(3));
        await device.sync();
        if (random(2) === 0) await device.fill();
        away.push(device);
      }
      await step();
      await present.sync();
    }
    // Notifications arrive a moment later: all are there once those of the last messages are.
    for (const id of ids.slice(0, 2)) {
      for (const text of ['one before the last', 'the last']) {
        const body = { conversationId: id, clientId: text, text, mentions: [ada.id] };
        const { body: message } = await as(others[id] ?? ada).post('/api/messages', body);
        await nextEvent(socket, 'notification:created', (event) => event.notification.messageId === message.id);
      }
    }
    await present.sync();
    await present.fill();
    for (const device of away) {
      await device.sync();
      await device.fill();
      expect(device.state()).toEqual(present.state());
    }
    const truth = new Replica(server, ada);
    await truth.sync();
    await truth.fill();
    expect(present.state()).toEqual(truth.state());
  });
});
