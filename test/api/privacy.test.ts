import type { Socket } from 'socket.io-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { as, withoutRequestId } from '../support/client.js';
import {
  anotherDevice,
  draft,
  makeDirect,
  makeGroup,
  makeUser,
  makeUsers,
  type TestUser,
} from '../support/factories.js';
import { block, conversationOf, fence, markRead } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const set = (user: TestUser, privacy: object) => as(user).put('/api/users/privacy', privacy);
const send = (user: TestUser, conversationId: string) => as(user).post('/api/messages', draft(conversationId));

describe('privacy', () => {
  it("is partially updated with known settings, and published to the user's devices", async () => {
    const ada = await makeUser(server);
    const socket = await connectAs(server, await anotherDevice(server, ada));
    const defaults = (await as(ada).get('/api/users/me')).body.privacy;
    expect(defaults).toEqual({
      lastSeen: 'everyone',
      readReceipts: true,
      directMessages: 'everyone',
      groupInvites: 'everyone',
      findByEmail: false,
    });
    const { body } = await set(ada, { lastSeen: 'nobody' });
    expect(body.privacy).toEqual({ ...defaults, lastSeen: 'nobody' });
    expect((await nextEvent(socket, 'settings:updated')).me).toEqual(body);
    expect((await set(ada, {})).body).toEqual(body);
    for (const wrong of [{ lastSeen: 'friends' }, { directMessages: 'nobody' }, { readReceipts: 'true' }, { x: 1 }])
      expect((await set(ada, wrong)).status).toBe(400);
  });

  it('directMessages: contacts rejects others, even in an existing conversation, until its owner has written', async () => {
    const [shy, friend, other] = await makeUsers(server, 3);
    const old = (await makeDirect(server, other, shy)).id;
    expect((await send(other, old)).status).toBe(201);
    await set(shy, { directMessages: 'contacts' });
    await as(shy).post('/api/contacts', { userId: friend.id });
    expect((await send(other, old)).code).toBe('not_contactable');
    expect((await conversationOf(other, old)).permissions).toEqual(['react']);
    expect((await conversationOf(shy, old)).permissions).toEqual(['send', 'react']);
    const socket = await connectAs(server, other);
    expect((await ask(socket, 'message:send', draft(old))).error?.code).toBe('not_contactable');
    const opened = await as(friend).post('/api/conversations', { type: 'direct', userId: shy.id });
    expect([opened.status, (await send(friend, opened.body.id)).status]).toEqual([201, 201]);
    const stranger = await makeUser(server);
    const refused = await as(stranger).post('/api/conversations', { type: 'direct', userId: shy.id });
    expect([refused.status, refused.code]).toEqual([403, 'not_contactable']);
    expect((await send(shy, old)).status).toBe(201);
    expect((await send(other, old)).status).toBe(201);
    expect((await conversationOf(other, old)).permissions).toEqual(['send', 'react']);
    const own = (await makeDirect(server, shy, shy)).id;
    expect((await send(shy, own)).status).toBe(201);
  });

  it('groupInvites: contacts lets only contacts add the user', async () => {
    const [shy, friend, other] = await makeUsers(server, 3);
    await set(shy, { groupInvites: 'contacts' });
    await as(shy).post('/api/contacts', { userId: friend.id });
    const refused = await as(other).post('/api/groups', { title: 'x', memberIds: [shy.id, friend.id] });
    expect(refused.body.refused).toEqual([{ userId: shy.id, code: 'not_contactable' }]);
    const added = await as(other).post(`/api/groups/${refused.body.id}/members`, { userIds: [shy.id] });
    expect(added.body).toEqual({ added: [], refused: [{ userId: shy.id, code: 'not_contactable' }] });
    expect((await as(friend).post('/api/groups', { title: 'x', memberIds: [shy.id] })).body.refused).toEqual([]);
  });

  it.each([
    ['nobody', false],
    ['contacts', true],
  ] as const)('requirement 58: lastSeen %s is respected everywhere', async (lastSeen, isContactTold) => {
    const [shy, friend, other] = await makeUsers(server, 3);
    await as(shy).post('/api/contacts', { userId: friend.id });
    for (const one of [friend, other]) await as(one).post('/api/contacts', { userId: shy.id });
    const group = (await makeGroup(server, shy, [friend, other])).id;
    for (const one of [friend, other]) await makeDirect(server, one, shy);
    await set(shy, { lastSeen });
    const [friends, others] = [await connectAs(server, friend), await connectAs(server, other)];
    for (const socket of [friends, others]) await ask(socket, 'presence:watch', { userIds: [shy.id] });
    for (let n = 0; n < 10; n++) (await connectAs(server, shy)).disconnect();
    await connectAs(server, shy);
    await fence([friends, others], shy, group);
    const scan = async (user: TestUser, socket: Socket): Promise<number> => {
      const answers = [
        (await as(user).get(`/api/users/${shy.id}`)).text,
        (await as(user).get('/api/contacts')).text,
        (await as(user).get('/api/conversations')).text,
        (await as(user).get(`/api/contacts/search?q=${shy.username}`)).text,
        (await as(user).get(`/api/groups/${group}/members`)).text,
        JSON.stringify((await ask(socket, 'sync', {})).data),
      ];
      const received = eventsOf(socket, 'presence:updated').length;
      return received + answers.filter((text) => text.includes('"online":true')).length;
    };
    expect(await scan(other, others)).toBe(0);
    expect((await scan(friend, friends)) > 0).toBe(isContactTold);
    const { data } = await ask(others, 'presence:watch', { userIds: [shy.id] });
    expect(data!.items).toEqual([{ userId: shy.id, online: false, lastSeenAt: null }]);
    expect((await as(shy).get('/api/users/me')).body.privacy.lastSeen).toBe(lastSeen);
  });
});

describe('requirement 56: users who do not exist, have blocked the caller, or restrict contact', () => {
  it('look alike, except where the contract says otherwise', async () => {
    const [abe, bea, shy] = await makeUsers(server, 3);
    const leaving = await makeUser(server);
    await block(bea, abe);
    await set(shy, { directMessages: 'contacts', groupInvites: 'contacts', lastSeen: 'nobody' });
    await as(leaving).delete('/api/users/me', { password: leaving.password });
    const never = '0123456789abcdef01234567';
    const ids = [bea.id, shy.id, leaving.id];
    // Opening a conversation with any of them is rejected for the same reason.
    const opened = await Promise.all(
      ids.map((userId) => as(abe).post('/api/conversations', { type: 'direct', userId })),
    );
    expect(new Set(opened.map(withoutRequestId)).size).toBe(1);
    expect(opened[0]?.status).toBe(403);
    // Their presence looks like that of a nonexistent user.
    const socket = await connectAs(server, abe);
    const { data } = await ask(socket, 'presence:watch', { userIds: [...ids, never] });
    expect(data!.items).toEqual([...ids, never].map((userId) => ({ userId, online: false, lastSeenAt: null })));
    // Adding them to a group is rejected alike.
    const { body } = await as(abe).post('/api/groups', { title: 'x', memberIds: ids });
    expect(body.refused).toEqual(ids.map((userId) => ({ userId, code: 'not_contactable' })));
    // The directory lists neither users who blocked the caller nor deleted accounts.
    for (const { username } of [bea, leaving])
      expect((await as(abe).get(`/api/contacts/search?q=${username}`)).body).toEqual({ items: [] });
    // A profile can be read after a block; a deleted account looks as if it had never existed.
    expect((await as(abe).get(`/api/users/${bea.id}`)).status).toBe(200);
    expect(withoutRequestId(await as(abe).get(`/api/users/${leaving.id}`))).toBe(
      withoutRequestId(await as(abe).get(`/api/users/${never}`)),
    );
  });
});

describe('requirement 59: a user who hides read receipts', () => {
  it("shows none to the peer, then or later, and sees none of the peer's", async () => {
    const [shy, bob] = await makeUsers(server, 3);
    const { id } = await makeDirect(server, shy, bob);
    for (let n = 0; n < 4; n++) await send(bob, id);
    await markRead(shy, id, 1);
    const bobs = await connectAs(server, bob);
    await set(shy, { readReceipts: false });
    const received = eventsOf(bobs, 'receipt:updated').length;
    expect((await markRead(shy, id, 3)).body.readSeq).toBe(3);
    expect((await conversationOf(bob, id)).reached.readSeq).toBe(1);
    // Sending implies reading, which stays hidden; delivery is shown.
    const { seq } = (await send(shy, id)).body;
    const bobView = await conversationOf(bob, id);
    expect([bobView.reached.readSeq, bobView.reached.deliveredSeq]).toEqual([1, seq]);
    await markRead(bob, id, seq);
    expect((await conversationOf(shy, id)).reached.readSeq).toBeLessThan(seq);
    expect((await as(shy).get(`/api/messages?conversationId=${id}`)).body.items.at(-1)!.state).not.toBe('read');
    await set(shy, { readReceipts: true });
    expect((await conversationOf(bob, id)).reached.readSeq).toBe(1);
    expect((await conversationOf(shy, id)).reached.readSeq).toBeLessThan(seq);
    const receipts = eventsOf(bobs, 'receipt:updated').slice(received);
    expect(receipts.map(({ payload }) => payload.readSeq).filter((value) => value > 1)).toEqual([]);
    const last = (await send(bob, id)).body.seq;
    await markRead(shy, id, last);
    expect((await conversationOf(bob, id)).reached.readSeq).toBe(last);
  });

  it("sees frozen receipts of others in a group, and holds back the group's receipts", async () => {
    const [shy, bob, cem] = await makeUsers(server, 3);
    const { id } = await makeGroup(server, bob, [shy, cem]);
    const first = (await send(bob, id)).body.seq;
    for (const one of [shy, bob, cem]) await markRead(one, id, first);
    const frozen = (await conversationOf(shy, id)).reached.readSeq;
    expect(frozen).toBe(first);
    const [shys, bobs] = [await connectAs(server, shy), await connectAs(server, bob)];
    await set(shy, { readReceipts: false });
    const own = (await send(shy, id)).body;
    for (const one of [bob, cem]) await markRead(one, id, own.seq);
    const readSeqOf = async (viewer: TestUser, of: TestUser): Promise<number> => {
      const { items } = (await as(viewer).get(`/api/conversations/${id}/receipts`)).body;
      return items.find((one) => one.userId === of.id)!.readSeq;
    };
    expect(await readSeqOf(shy, bob)).toBe(first);
    expect(await readSeqOf(cem, bob)).toBe(own.seq);
    expect(await readSeqOf(bob, shy)).toBe(first);
    expect((await conversationOf(bob, id)).reached.readSeq).toBe(frozen);
    expect((await as(shy).get(`/api/messages/${own.id}/receipts`)).body.read).toEqual([]);
    const joined = (await makeGroup(server, cem, [shy, bob])).id;
    const there = (await send(shy, joined)).body;
    for (const one of [bob, cem]) await markRead(one, joined, there.seq);
    expect((await as(shy).get(`/api/messages/${there.id}`)).body.state).not.toBe('read');
    expect((await as(shy).get(`/api/messages/${there.id}/receipts`)).body.read).toEqual([]);
    const received = [shys, bobs].flatMap((socket) => eventsOf(socket, 'receipt:updated'));
    for (const { payload } of received.filter(({ payload: one }) => one.conversationId === id))
      expect(payload.readSeq).toBeLessThanOrEqual(frozen);
    await set(shy, { readReceipts: true });
    expect(await readSeqOf(shy, bob)).toBe(own.seq);
    const last = (await send(bob, id)).body.seq;
    for (const one of [shy, cem]) await markRead(one, id, last);
    expect((await conversationOf(bob, id)).reached.readSeq).toBe(last);
  });

  it('keeps all devices in step through sync', async () => {
    const [shy, bob] = await makeUsers(server, 3);
    const { id } = await makeGroup(server, bob, [shy]);
    const { seq } = (await send(shy, id)).body;
    const cursor = (await as(shy).post('/api/sync', {})).body.cursor;
    await set(shy, { readReceipts: false });
    await markRead(bob, id, seq);
    const hidden = (await as(shy).post('/api/sync', { cursor })).body;
    expect(hidden.me!.privacy.readReceipts).toBe(false);
    expect(hidden.conversations[0]!.conversation.reached.readSeq).toBeLessThan(seq);
    await set(shy, { readReceipts: true });
    const shown = (await as(shy).post('/api/sync', { cursor: hidden.cursor })).body;
    expect(shown.conversations[0]!.conversation.reached).toEqual((await conversationOf(shy, id)).reached);
  });
});

describe('contacts in sync', () => {
  it('include contacts and blocks only if they changed', async () => {
    const [ada, bob] = await makeUsers(server, 3);
    const group = (await makeGroup(server, ada, [bob])).id;
    await makeDirect(server, ada, bob);
    const first = (await as(ada).post('/api/sync', {})).body;
    expect([first.contacts, first.blocked]).toEqual([[], []]);
    await as(ada).post('/api/contacts', { userId: bob.id, alias: 'B' });
    const second = (await as(ada).post('/api/sync', { cursor: first.cursor })).body;
    expect(second.contacts).toEqual((await as(ada).get('/api/contacts')).body.items);
    expect(second).not.toHaveProperty('blocked');
    await block(ada, bob);
    const third = (await as(ada).post('/api/sync', { cursor: second.cursor })).body;
    expect(third.blocked).toEqual((await as(ada).get('/api/contacts/blocked')).body.items);
    expect(third).not.toHaveProperty('contacts');
    const direct = third.conversations.find((one) => one.conversation.type === 'direct');
    expect(direct!.conversation.permissions).toEqual([]);
    expect(third.conversations.some((one) => one.conversation.id === group)).toBe(true);
    await as(ada).patch(`/api/contacts/${bob.id}`, { alias: 'Bob' });
    const fourth = (await as(ada).post('/api/sync', { cursor: third.cursor })).body;
    expect(fourth.contacts![0]!.alias).toBe('Bob');
    const fifth = (await as(ada).post('/api/sync', { cursor: fourth.cursor })).body;
    expect(Object.keys(fifth).sort()).toEqual(['conversations', 'cursor', 'hasMore', 'removedConversationIds']);
  });
});
