import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { anotherDevice, makeDirect, makePair, makeUser, sendText, type TestUser } from '../support/factories.js';
import { conversationOf, fence, markRead } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** Two users and this many messages by the first. */
async function pairWith(count: number): ReturnType<typeof makePair> {
  const pair = await makePair(server);
  for (let n = 1; n <= count; n++) await sendText(server, pair.ada, pair.id, `message ${n}`);
  return pair;
}

const delivered = (user: TestUser, id: string, seq: number) =>
  as(user).post(`/api/conversations/${id}/delivered`, { seq });

describe('read positions', () => {
  it('only move forward; reading implies delivery, and an older position returns the current one', async () => {
    const { bob, id } = await pairWith(5);
    expect((await delivered(bob, id, 3)).body).toEqual({ deliveredSeq: 3 });
    expect((await markRead(bob, id, 2)).body).toEqual({ readSeq: 2, deliveredSeq: 3, unreadCount: 3, mentionCount: 0 });
    expect((await markRead(bob, id, 4)).body).toEqual({ readSeq: 4, deliveredSeq: 4, unreadCount: 1, mentionCount: 0 });
    expect((await markRead(bob, id, 1)).body).toEqual({ readSeq: 4, deliveredSeq: 4, unreadCount: 1, mentionCount: 0 });
    expect((await delivered(bob, id, 0)).body).toEqual({ deliveredSeq: 4 });
    expect(await conversationOf(bob, id)).toMatchObject({ readSeq: 4, deliveredSeq: 4, unreadCount: 1 });
  });

  it('never go beyond the last message, and are set by their owner only', async () => {
    const { ada, bob, id } = await pairWith(2);
    const stranger = await makeUser(server);
    for (const raise of [markRead, delivered]) {
      const beyond = await raise(bob, id, 3);
      expect([beyond.status, beyond.code, beyond.problem.errors![0]!.path]).toEqual([400, 'invalid_input', 'body.seq']);
      expect((await raise(stranger, id, 1)).status).toBe(404);
    }
    expect(await conversationOf(bob, id)).toMatchObject({ readSeq: 0, deliveredSeq: 0 });
    expect(await conversationOf(ada, id)).toMatchObject({
      readSeq: 2,
      deliveredSeq: 2,
      reached: { readSeq: 0, deliveredSeq: 0 },
    });
  });

  it('requirement 80: move a message from sent to delivered to read, and never back', async () => {
    const { ada, bob, id } = await pairWith(3);
    const states = async () =>
      (await as(ada).get(`/api/messages?conversationId=${id}`)).body.items.map(({ state }) => state);
    expect(await states()).toEqual(['sent', 'sent', 'sent']);
    await delivered(bob, id, 2);
    expect(await states()).toEqual(['delivered', 'delivered', 'sent']);
    await markRead(bob, id, 1);
    expect(await states()).toEqual(['read', 'delivered', 'sent']);
    await delivered(bob, id, 1);
    expect(await states()).toEqual(['read', 'delivered', 'sent']);
    await sendText(server, bob, id, 'an answer reads what came before it');
    expect((await states()).slice(0, 3)).toEqual(['read', 'read', 'read']);
    const receipts = await as(ada).get(`/api/conversations/${id}/receipts`);
    expect(receipts.body).toEqual({ items: [{ userId: bob.id, deliveredSeq: 4, readSeq: 4 }], nextCursor: null });
  });

  it("are published once to the peer and to the caller's other devices, over both transports", async () => {
    const { ada, bob, id } = await pairWith(4);
    const laptop = await anotherDevice(server, bob);
    const [sender, phone, other] = [
      await connectAs(server, ada),
      await connectAs(server, bob),
      await connectAs(server, laptop),
    ];
    const ack = await ask(phone, 'conversation:read', { conversationId: id, seq: 2 });
    expect(ack.data).toEqual({ readSeq: 2, deliveredSeq: 2, unreadCount: 2, mentionCount: 0 });
    expect(await nextEvent(sender, 'receipt:updated')).toEqual({
      conversationId: id,
      userId: bob.id,
      deliveredSeq: 2,
      readSeq: 2,
    });
    expect(await nextEvent(other, 'settings:updated')).toMatchObject({
      conversationId: id,
      readSeq: 2,
      unreadCount: 2,
    });
    await ask(phone, 'conversation:delivered', { conversationId: id, seq: 4 });
    expect(await nextEvent(sender, 'receipt:updated')).toMatchObject({ deliveredSeq: 4, readSeq: 2 });
    await ask(phone, 'conversation:read', { conversationId: id, seq: 1 });
    await markRead(bob, id, 3);
    expect(await nextEvent(phone, 'settings:updated')).toMatchObject({ readSeq: 3, deliveredSeq: 4 });
    await fence(sender, bob, id);
    expect(eventsOf(sender, 'receipt:updated')).toHaveLength(3);
    expect(eventsOf(phone, 'settings:updated')).toHaveLength(1);
  });

  it('are published to nobody in saved messages', async () => {
    const ada = await makeUser(server);
    const { id } = await makeDirect(server, ada, ada);
    const message = await sendText(server, ada, id, 'a note');
    expect([message.state, (await markRead(ada, id, 1)).body.unreadCount]).toEqual(['read', 0]);
    expect((await as(ada).get(`/api/conversations/${id}/receipts`)).body.items).toEqual([]);
  });
});

describe('conversation settings', () => {
  const change = (user: TestUser, id: string, settings: unknown) =>
    as(user).patch(`/api/conversations/${id}`, settings);

  it("are partially updated, and published to the caller's other devices only", async () => {
    const { ada, bob, id } = await pairWith(1);
    const [own, foreign] = [await connectAs(server, ada), await connectAs(server, bob)];
    const answer = await change(ada, id, { pinned: true, mutedUntil: '2031-05-06T07:08:09+02:00' });
    const settings = { mutedUntil: '2031-05-06T05:08:09.000Z', archived: false, pinned: true, markedUnread: false };
    expect([answer.status, answer.body.settings]).toEqual([200, settings]);
    expect(await nextEvent(own, 'settings:updated')).toMatchObject({ conversationId: id, settings });
    expect((await change(ada, id, { pinned: true })).body.settings).toEqual(settings);
    expect((await change(ada, id, { mutedUntil: null })).body.settings.mutedUntil).toBeNull();
    await nextEvent(own, 'settings:updated', ({ settings: received }) => received!.mutedUntil === null);
    await fence(foreign, ada, id);
    expect([eventsOf(own, 'settings:updated').length, eventsOf(foreign, 'settings:updated').length]).toEqual([2, 0]);
    expect((await conversationOf(bob, id)).settings.pinned).toBe(false);
  });

  it('reject invalid input', async () => {
    const { ada, id } = await pairWith(1);
    for (const settings of [{ mutedUntil: 'tomorrow' }, { mutedUntil: '2031-02-30' }, { pinned: 1 }, { muted: true }]) {
      expect([JSON.stringify(settings), (await change(ada, id, settings)).status]).toEqual([
        JSON.stringify(settings),
        400,
      ]);
    }
    expect((await change(await makeUser(server), id, { pinned: true })).status).toBe(404);
  });

  it('sort and filter the list', async () => {
    const ada = await makeUser(server);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { id } = await makeDirect(server, ada, await makeUser(server));
      await sendText(server, ada, id, `in ${n}`);
      ids.push(id);
    }
    const list = async (filter: string): Promise<number[]> =>
      (await as(ada).get(`/api/conversations?filter=${filter}`)).body.items.map(({ id }) => ids.indexOf(id));
    expect(await list('all')).toEqual([2, 1, 0]);
    await change(ada, ids[0]!, { pinned: true });
    await change(ada, ids[1]!, { archived: true, markedUnread: true });
    expect([await list('all'), await list('archived'), await list('unread')]).toEqual([[0, 2, 1], [1], [1]]);
  });

  it('lose "marked unread" when reading, even at the same position, and when sending', async () => {
    const { ada, bob, id } = await pairWith(1);
    const own = await connectAs(server, bob);
    const unreadMark = async (): Promise<boolean> => (await conversationOf(bob, id)).settings.markedUnread;
    await markRead(bob, id, 1);
    await change(bob, id, { markedUnread: true });
    expect(await unreadMark()).toBe(true);
    await markRead(bob, id, 1);
    expect(await unreadMark()).toBe(false);
    await nextEvent(own, 'settings:updated', ({ settings, readSeq }) => readSeq === 1 && !settings.markedUnread);
    await change(bob, id, { markedUnread: true });
    await sendText(server, bob, id, 'done');
    expect(await unreadMark()).toBe(false);
    await nextEvent(own, 'settings:updated', ({ settings, readSeq }) => readSeq === 2 && !settings.markedUnread);
    await sendText(server, ada, id, 'and back');
  });

  it('requirement 87: the badge counts unread messages, and only mentions in muted or archived conversations', async () => {
    const bob = await makeUser(server);
    const conversations: string[] = [];
    for (const count of [2, 3, 1]) {
      const ada = await makeUser(server);
      const { id } = await makeDirect(server, ada, bob);
      for (let n = 0; n < count; n++) {
        const input = { conversationId: id, clientId: `n-${n}`, text: 'x', mentions: n === 0 ? [bob.id] : [] };
        await as(ada).post('/api/messages', input);
      }
      conversations.push(id);
    }
    const badge = async (): Promise<unknown> => (await as(bob).get('/api/conversations/unread')).body;
    expect(await badge()).toEqual({ conversations: 3, messages: 6, mentions: 3 });
    await change(bob, conversations[1]!, { mutedUntil: new Date(Date.now() + 3_600_000).toISOString() });
    await change(bob, conversations[2]!, { archived: true, markedUnread: true });
    expect(await badge()).toEqual({ conversations: 1, messages: 2, mentions: 3 });
    await markRead(bob, conversations[0]!, 1);
    expect(await badge()).toEqual({ conversations: 1, messages: 1, mentions: 2 });
  });
});

describe('a hidden conversation', () => {
  it("is empty and unlisted until its next message, on all of the caller's devices, and for nobody else", async () => {
    const { ada, bob, id } = await pairWith(3);
    const own = await connectAs(server, bob);
    const hide = () => as(bob).delete(`/api/conversations/${id}`);
    const list = async (user: TestUser): Promise<string[]> =>
      (await as(user).get('/api/conversations')).body.items.map((one) => one.id);
    expect([(await hide()).status, (await hide()).status]).toEqual([204, 204]);
    expect(await nextEvent(own, 'conversation:removed')).toEqual({ conversationId: id, reason: 'hidden' });
    expect([await list(bob), await list(ada)]).toEqual([[], [id]]);
    expect(await conversationOf(bob, id)).toMatchObject({ seq: 3, unreadCount: 0, lastMessage: null });
    expect((await as(bob).get(`/api/messages?conversationId=${id}`)).body).toEqual({
      items: [],
      hasMoreBefore: false,
      hasMoreAfter: false,
    });
    // Hiding moves no receipt that others see.
    expect(await conversationOf(ada, id)).toMatchObject({ reached: { readSeq: 0, deliveredSeq: 0 } });
    const next = await sendText(server, ada, id, 'come back');
    const { conversation } = await nextEvent(own, 'conversation:created');
    expect(conversation).toMatchObject({ id, unreadCount: 1, lastMessage: { id: next.id } });
    expect(await list(bob)).toEqual([id]);
    const shown = await as(bob).get(`/api/messages?conversationId=${id}`);
    expect(shown.body.items.map(({ seq }) => seq)).toEqual([4]);
    expect((await as(bob).get(`/api/messages/${next.id}`)).status).toBe(200);
    await sendText(server, ada, id, 'again');
    await fence(own, ada, id);
    expect([eventsOf(own, 'conversation:removed').length, eventsOf(own, 'conversation:created').length]).toEqual([
      1, 1,
    ]);
  });

  it('is listed again, empty, when it is opened again', async () => {
    const { ada, bob, id } = await pairWith(1);
    await as(bob).delete(`/api/conversations/${id}`);
    const own = await connectAs(server, bob);
    const again = await makeDirect(server, bob, ada);
    expect(again).toMatchObject({ id, lastMessage: null, unreadCount: 0 });
    await nextEvent(own, 'conversation:created');
    const list = await as(bob).get('/api/conversations');
    expect(list.body.items.map((one) => one.id)).toEqual([id]);
  });
});
