import type { Socket } from 'socket.io-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { refresh } from '../support/auth.js';
import { as } from '../support/client.js';
import {
  anotherDevice,
  draft,
  makeDirect,
  makeGroup,
  makeUsers,
  sendText,
  type TestUser,
} from '../support/factories.js';
import { allItems, block, markRead, reactionPath, unblock } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent } from '../support/sockets.js';
import type { NotificationKind } from '../support/wire.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const send = async (user: TestUser, conversationId: string, more: object = {}) => {
  const answer = await as(user).post('/api/messages', draft(conversationId, more));
  expect(answer.status).toBe(201);
  return answer.body;
};
const list = async (user: TestUser, query = '') => (await as(user).get(`/api/notifications?${query}`)).body.items;
const unread = async (user: TestUser): Promise<number> => (await as(user).get('/api/notifications/count')).body.unread;

/** Waits for the next notification event of a kind. */
async function nextNotification(
  socket: Socket,
  kind: NotificationKind,
  event: 'notification:created' | 'notification:updated' = 'notification:created',
) {
  return (await nextEvent(socket, event, ({ notification }) => notification.kind === kind)).notification;
}

/** Mentions a user and waits for the notification: earlier notifications in the conversation have arrived by then. */
async function mentionFence(sender: TestUser, id: string, user: TestUser, socket: Socket): Promise<void> {
  const message = await send(sender, id, { mentions: [user.id] });
  await nextEvent(socket, 'notification:created', ({ notification }) => notification.messageId === message.id);
}

async function makeScene() {
  const [ada, bob, cem] = await makeUsers(server, 3);
  // A connected socket receives the notification; later ones find it in the list.
  const bobs = await connectAs(server, bob);
  const groupId = (await makeGroup(server, ada, [bob, cem])).id;
  const directId = (await makeDirect(server, ada, bob)).id;
  await nextNotification(bobs, 'group_added');
  await as(bob).post('/api/notifications/read', { all: true });
  return { ada, bob, cem, groupId, directId, bobs };
}

describe.concurrent('a notification of unread messages', () => {
  it('is one per unread digest, counts its messages, and is read by reading', async () => {
    const { ada, bob, directId, bobs } = await makeScene();
    const first = await send(ada, directId);
    const made = await nextNotification(bobs, 'message');
    expect(made).toMatchObject({
      kind: 'message',
      actorId: ada.id,
      conversationId: directId,
      messageId: first.id,
      count: 1,
      data: {},
      readAt: null,
    });
    const second = await send(ada, directId);
    const more = await nextNotification(bobs, 'message', 'notification:updated');
    expect(more).toEqual({ ...made, count: 2, messageId: second.id });
    const items = (await list(bob)).filter(({ kind }) => kind === 'message');
    expect([items, await unread(bob)]).toEqual([[more], 1]);
    await markRead(bob, directId, 2);
    expect(await unread(bob)).toBe(0);
    const done = await nextNotification(bobs, 'message', 'notification:updated');
    expect([done.id, done.updatedAt]).toEqual([made.id, made.updatedAt]);
    expect(done.readAt).not.toBeNull();
    await send(ada, directId);
    const next = await nextNotification(bobs, 'message');
    expect(next.id).not.toBe(made.id);
    expect((await list(bob, 'unread=true')).map(({ id }) => id)).toEqual([next.id]);
  });

  it('ends when the read position moves, even partially, and when replying', async () => {
    const { ada, bob, directId, bobs } = await makeScene();
    for (let n = 0; n < 3; n++) await send(ada, directId);
    const first = await nextNotification(bobs, 'message');
    await markRead(bob, directId, 1);
    await send(ada, directId);
    const second = await nextNotification(bobs, 'message');
    expect([second.count, second.id === first.id]).toEqual([3, false]);
    const adas = await connectAs(server, ada);
    await send(bob, directId);
    const done = await nextEvent(
      bobs,
      'notification:updated',
      ({ notification }) => notification.id === second.id && notification.readAt !== null,
    );
    expect(done.unread).toBe(0);
    expect((await nextNotification(adas, 'message')).count).toBe(1);
    expect((await list(ada)).map(({ kind }) => kind)).toEqual(['message']);
  });

  it('is not created for messages read in time, muted, or written by the user', async () => {
    const { ada, bob, cem, groupId, bobs } = await makeScene();
    const { seq } = await send(ada, groupId);
    await markRead(bob, groupId, seq);
    await as(cem).patch(`/api/conversations/${groupId}`, { mutedUntil: '2099-01-01T00:00:00Z' });
    await send(ada, groupId);
    await nextNotification(bobs, 'message');
    await mentionFence(cem, groupId, bob, bobs);
    expect((await list(bob)).filter(({ kind }) => kind === 'message')).toHaveLength(1);
    expect((await list(cem)).filter(({ kind }) => kind === 'message')).toEqual([]);
    expect((await list(ada)).filter(({ kind }) => kind === 'message')).toHaveLength(1);
  });

  it('is removed if all its messages are deleted', async () => {
    const { ada, bob, directId, bobs } = await makeScene();
    const message = await send(ada, directId);
    const { id } = await nextNotification(bobs, 'message');
    await as(ada).delete(`/api/messages/${message.id}`);
    expect((await nextEvent(bobs, 'notification:removed')).notificationId).toBe(id);
    expect((await list(bob)).filter(({ kind }) => kind === 'message')).toEqual([]);
    await send(ada, directId);
    expect((await nextNotification(bobs, 'message')).count).toBe(1);
  });
});

describe.concurrent('mentions, replies and reactions', () => {
  it('create one notification each, and no other for the same message', async () => {
    const { ada, bob, groupId, bobs } = await makeScene();
    const own = await send(bob, groupId);
    const message = await send(ada, groupId, { mentions: [bob.id, ada.id], replyTo: own.id });
    const mention = await nextNotification(bobs, 'mention');
    expect(mention).toMatchObject({ actorId: ada.id, messageId: message.id, count: 1, readAt: null });
    const reply = await send(ada, groupId, { replyTo: own.id });
    expect((await nextNotification(bobs, 'reply')).messageId).toBe(reply.id);
    expect((await list(bob)).map(({ kind }) => kind).filter((kind) => kind === 'message')).toEqual([]);
    await send(ada, groupId);
    expect((await nextNotification(bobs, 'message')).count).toBe(3);
    const one = await as(bob).post(`/api/notifications/${mention.id}/read`);
    expect([one.status, one.body.updatedAt]).toEqual([200, mention.updatedAt]);
    expect(one.body.readAt).not.toBeNull();
    expect((await as(bob).post(`/api/notifications/${mention.id}/read`)).body).toEqual(one.body);
    expect((await list(ada)).filter(({ kind }) => kind === 'mention')).toEqual([]);
  });

  it('reach users who muted only by mentions, and never users who blocked the sender', async () => {
    const { ada, bob, cem, groupId, bobs } = await makeScene();
    await as(bob).patch(`/api/conversations/${groupId}`, { mutedUntil: '2099-01-01T00:00:00Z' });
    const own = await send(bob, groupId);
    await send(ada, groupId, { replyTo: own.id });
    await as(ada).put(reactionPath(own.id));
    await mentionFence(ada, groupId, bob, bobs);
    await block(bob, ada);
    await send(ada, groupId, { mentions: [bob.id] });
    await mentionFence(cem, groupId, bob, bobs);
    const kinds = (await list(bob)).map(({ kind, actorId }) => [kind, actorId === cem.id]);
    expect(kinds).toEqual([['mention', true]]);
    await unblock(bob, ada);
    expect((await list(bob)).filter(({ kind }) => kind === 'mention')).toHaveLength(2);
  });

  it('requirement 62: are removed with the message and with the membership', async () => {
    const { ada, bob, groupId, bobs } = await makeScene();
    const first = await send(ada, groupId, { mentions: [bob.id] });
    const mention = await nextNotification(bobs, 'mention');
    await as(ada).delete(`/api/messages/${first.id}`);
    expect((await nextEvent(bobs, 'notification:removed')).notificationId).toBe(mention.id);
    expect(await list(bob, 'unread=true')).toEqual([]);
    await mentionFence(ada, groupId, bob, bobs);
    const text = JSON.stringify(await list(bob));
    expect(text).not.toContain('text ');
    expect(text).not.toContain(ada.displayName);
    expect((await as(ada).delete(`/api/groups/${groupId}/members/${bob.id}`)).status).toBe(204);
    expect((await list(bob)).map(({ kind }) => kind).filter((kind) => kind === 'mention')).toEqual([]);
    expect(await nextNotification(bobs, 'group_removed')).toMatchObject({ actorId: ada.id, conversationId: groupId });
    expect((await list(bob)).map(({ kind }) => kind)).toEqual(['group_removed']);
  });

  it('of reactions are one per message, renewed with each, and never for own reactions', async () => {
    const { ada, bob, cem, groupId, bobs } = await makeScene();
    const own = await send(bob, groupId);
    const path = reactionPath(own.id, '🎉');
    await as(bob).put(path);
    await as(ada).put(path);
    const first = await nextNotification(bobs, 'reaction');
    expect(first).toMatchObject({ actorId: ada.id, messageId: own.id, count: 1, data: { emoji: '🎉' } });
    await as(bob).post('/api/notifications/read', { ids: [first.id, '0'.repeat(24)] });
    await as(cem).put(path);
    const again = await nextEvent(bobs, 'notification:updated', ({ notification }) => notification.count === 2);
    expect(again.notification).toMatchObject({ id: first.id, actorId: cem.id, readAt: null });
    expect(again.notification.updatedAt > first.updatedAt).toBe(true);
    for (const user of [ada, cem]) await as(user).delete(path);
    expect((await nextEvent(bobs, 'notification:removed')).notificationId).toBe(first.id);
  });
});

describe.concurrent('changes in groups and sessions', () => {
  it('notify the affected user', async () => {
    const { ada, bob, groupId, bobs } = await makeScene();
    await as(ada).patch(`/api/groups/${groupId}/members/${bob.id}`, { role: 'moderator' });
    expect(await nextNotification(bobs, 'role_changed')).toMatchObject({
      data: { role: 'moderator' },
      actorId: ada.id,
    });
    await as(ada).post(`/api/groups/${groupId}/transfer`, { userId: bob.id });
    expect((await nextNotification(bobs, 'role_changed')).data).toEqual({ role: 'creator' });
    const device = await anotherDevice(server, bob);
    const next = (await refresh(server, device.tokens.refreshToken)).body;
    await refresh(server, next.refreshToken);
    expect((await refresh(server, device.tokens.refreshToken)).code).toBe('refresh_token_reused');
    expect(await nextNotification(bobs, 'security')).toMatchObject({
      data: { sessionId: device.session.id },
      actorId: null,
    });
  });
});

describe.concurrent('the list of notifications', () => {
  it('is paged by latest, counted, read and deleted, on all devices', async () => {
    const { ada, bob, groupId, bobs } = await makeScene();
    const other = await connectAs(server, await anotherDevice(server, bob));
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      await send(ada, groupId, { mentions: [bob.id] });
      ids.unshift((await nextNotification(bobs, 'mention')).id);
    }
    const listed = await allItems((cursor) => as(bob).get(`/api/notifications?unread=true&limit=2${cursor}`));
    expect(listed.map(({ id }) => id)).toEqual(ids);
    const first = (await as(bob).post('/api/sync', {})).body;
    expect([first.notifications!.unread, first.notifications!.items.slice(0, 5).map(({ id }) => id)]).toEqual([5, ids]);
    expect((await as(bob).post('/api/notifications/read', { ids: [ids[0]] })).body).toEqual({ unread: 4 });
    expect((await as(bob).delete(`/api/notifications/${ids[1]!}`)).status).toBe(204);
    expect((await as(bob).delete(`/api/notifications/${ids[1]!}`)).status).toBe(404);
    expect((await nextEvent(other, 'notification:removed')).notificationId).toBe(ids[1]);
    const second = (await as(bob).post('/api/sync', { cursor: first.cursor })).body;
    expect(second.notifications!.unread).toBe(3);
    expect(second.notifications!.items.map(({ id }) => id)).toEqual((await list(bob)).map(({ id }) => id));
    expect((await as(bob).post('/api/notifications/read', { all: true })).body).toEqual({ unread: 0 });
    for (const body of [{}, { ids: [], all: true }, { all: false }])
      expect((await as(bob).post('/api/notifications/read', body)).status).toBe(400);
    for (const user of [ada]) {
      expect((await as(user).delete(`/api/notifications/${ids[0]!}`)).status).toBe(404);
      expect((await as(user).post(`/api/notifications/${ids[0]!}/read`)).status).toBe(404);
    }
    expect(eventsOf(bobs, 'notification:removed')).toHaveLength(1);
  });

  it('is read by a read position over the socket too', async () => {
    const { ada, bob, groupId, bobs } = await makeScene();
    const { seq } = await send(ada, groupId, { mentions: [bob.id] });
    await nextNotification(bobs, 'mention');
    await ask(bobs, 'conversation:read', { conversationId: groupId, seq });
    expect(await unread(bob)).toBe(0);
    await sendText(server, ada, groupId, 'next');
    expect((await nextNotification(bobs, 'message')).count).toBe(1);
  });
});
