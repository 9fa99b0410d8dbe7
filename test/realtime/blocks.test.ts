import { readFileSync } from 'node:fs';
import type { Socket } from 'socket.io-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { as, withoutRequestId } from '../support/client.js';
import {
  anotherDevice,
  draft,
  makeDirect,
  makeGroup,
  makeUsers,
  sendText,
  type TestUser,
} from '../support/factories.js';
import { block, conversationOf, fence, markRead, reactionPath, unblock } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent, nextMessage } from '../support/sockets.js';
import type { EventPayload, Message } from '../support/wire.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

let count = 0;

/** Bea blocks Abe; both have two devices with a socket each, and Cem is in their group. */
interface Scene {
  abe: TestUser;
  bea: TestUser;
  cem: TestUser;
  directId: string;
  groupId: string;
  abes: Socket[];
  beas: Socket[];
  cems: Socket;
  ofAbe: Message;
  ofBea: Message;
  isBlocked: boolean;
}

/** Waits until Abe's and Bea's devices have received everything emitted earlier. */
const fenceAll = ({ cem, groupId, abes, beas }: Scene): Promise<void> => fence([...abes, ...beas], cem, groupId);

function check(isBlocked: boolean, code: string | undefined, action: string): void {
  expect([action, code]).toEqual([action, isBlocked ? 'not_contactable' : undefined]);
}

const bothOf = (scene: Scene) =>
  [[scene.abe, scene.abes, scene.ofAbe] as const, [scene.bea, scene.beas, scene.ofBea] as const] as const;

/** Every row of the documented table: checks what happens with and without the block. */
const rows: Record<string, (scene: Scene) => Promise<void>> = {
  'Abe writes to Bea': async (scene) => {
    const { abe, abes, beas, directId, isBlocked } = scene;
    const before = beas.map((socket) => eventsOf(socket, 'message:created').length);
    check(isBlocked, (await as(abe).post('/api/messages', draft(directId))).code, 'REST');
    for (const socket of abes)
      check(isBlocked, (await ask(socket, 'message:send', draft(directId))).error?.code, 'socket');
    await fenceAll(scene);
    const received = beas.map((socket, n) => eventsOf(socket, 'message:created').length - before[n]! - 1);
    expect(received).toEqual(isBlocked ? [0, 0] : [3, 3]);
  },
  'Bea writes to Abe': async ({ bea, beas, directId, isBlocked }) => {
    check(isBlocked, (await as(bea).post('/api/messages', draft(directId))).code, 'REST');
    for (const socket of beas)
      check(isBlocked, (await ask(socket, 'message:send', draft(directId))).error?.code, 'socket');
  },
  'either edits their message there': async (scene) => {
    for (const [user, [socket], message] of bothOf(scene)) {
      const text = `edit ${++count}`;
      check(scene.isBlocked, (await as(user).patch(`/api/messages/${message.id}`, { text })).code, 'REST');
      const answer = await ask(socket!, 'message:edit', { messageId: message.id, text: `${text}!` });
      check(scene.isBlocked, answer.error?.code, 'socket');
    }
  },
  'either reacts there': async (scene) => {
    for (const [user, [socket], message] of bothOf(scene)) {
      const path = reactionPath(message.id, '🎉');
      check(scene.isBlocked, (await as(user).put(path)).code, 'REST');
      check(scene.isBlocked, (await as(user).delete(path)).code, 'REST');
      const asked = { messageId: message.id, emoji: '👍' };
      check(scene.isBlocked, (await ask(socket!, 'reaction:add', asked)).error?.code, 'socket');
      check(scene.isBlocked, (await ask(socket!, 'reaction:remove', asked)).error?.code, 'socket');
    }
  },
  'either types there': async (scene) => {
    const { directId, isBlocked, abes, beas } = scene;
    const typing = (socket: Socket): number => eventsOf(socket, 'typing:updated').length;
    const before = [...abes, ...beas].map(typing);
    for (const [user, [socket], others] of [
      [scene.abe, abes, beas],
      [scene.bea, beas, abes],
    ] as const) {
      check(isBlocked, (await ask(socket!, 'typing:start', { conversationId: directId })).error?.code, 'socket');
      const isIt = ({ userIds }: EventPayload<'typing:updated'>): boolean => userIds.includes(user.id);
      if (!isBlocked) for (const other of others) await nextEvent(other, 'typing:updated', isIt);
      await ask(socket!, 'typing:stop', { conversationId: directId });
      const isOver = ({ userIds }: EventPayload<'typing:updated'>): boolean => userIds.length === 0;
      if (!isBlocked) for (const other of others) await nextEvent(other, 'typing:updated', isOver);
    }
    await fenceAll(scene);
    if (isBlocked) expect([...abes, ...beas].map(typing)).toEqual(before);
  },
  '`permissions` of either there': async (scene) => {
    for (const [user, sockets] of bothOf(scene)) {
      const expected = scene.isBlocked ? [] : ['send', 'react'];
      expect((await conversationOf(user, scene.directId)).permissions).toEqual(expected);
      const { data } = await ask(sockets[1]!, 'sync', {});
      const found = data!.conversations.find((one) => one.conversation.id === scene.directId);
      expect(found!.conversation.permissions).toEqual(expected);
      const list = (await as(user).get('/api/conversations')).body.items;
      expect(list.find((one) => one.id === scene.directId)!.permissions).toEqual(expected);
    }
  },
  'either opens the existing conversation': async ({ abe, bea, directId }) => {
    for (const [user, other] of [
      [abe, bea],
      [bea, abe],
    ] as const) {
      const { status, body } = await as(user).post('/api/conversations', { type: 'direct', userId: other.id });
      expect([status, body.id]).toEqual([200, directId]);
    }
  },
  'Abe opens a new conversation with Bea': async ({ bea, abe, isBlocked }) => {
    const [abel, shy] = await makeUsers(server, 2);
    if (isBlocked) await block(bea, abel);
    await as(shy).put('/api/users/privacy', { directMessages: 'contacts' });
    const open = (userId: string) => as(abel).post('/api/conversations', { type: 'direct', userId });
    const [blocked, secretive] = [await open(bea.id), await open(shy.id)];
    expect([secretive.status, secretive.code]).toEqual([403, 'not_contactable']);
    if (isBlocked) expect(withoutRequestId(blocked)).toBe(withoutRequestId(secretive));
    else expect(blocked.status).toBe(201);
    expect((await as(abe).get('/api/users/me')).status).toBe(200);
  },
  'either reads and sends receipts there': async (scene) => {
    for (const [user, [socket]] of bothOf(scene)) {
      const { seq } = await conversationOf(user, scene.directId);
      expect((await as(user).post(`/api/conversations/${scene.directId}/read`, { seq })).status).toBe(200);
      const readUpTo = { conversationId: scene.directId, seq };
      expect((await ask(socket!, 'conversation:delivered', readUpTo)).ok).toBe(true);
      expect((await as(user).get(`/api/messages?conversationId=${scene.directId}`)).status).toBe(200);
    }
  },
  'either deletes their message there': async (scene) => {
    const { directId, isBlocked } = scene;
    for (const [user, own, other] of [
      [scene.abe, scene.abes, scene.beas],
      [scene.bea, scene.beas, scene.abes],
    ] as const) {
      const { body } = await as(user).get(`/api/messages?conversationId=${directId}&limit=100`);
      const message = body.items.find((one) => one.senderId === user.id && !one.deletedAt && one.seq > 2);
      expect((await ask(own[0]!, 'message:delete', { messageId: message!.id })).ok).toBe(true);
      const isIt = ({ message: one }: EventPayload<'message:updated'>): boolean =>
        one.id === message!.id && one.deletedAt !== null;
      for (const socket of other) await nextEvent(socket, 'message:updated', isIt);
    }
    expect(isBlocked).toBe(scene.isBlocked);
  },
  "Bea's presence and last seen, for Abe": async ({ abe, bea, abes, directId, isBlocked }) => {
    const expected = isBlocked ? null : { online: true, lastSeenAt: null };
    expect((await as(abe).get(`/api/users/${bea.id}`)).body.presence).toEqual(expected);
    expect((await conversationOf(abe, directId)).peer!.presence).toEqual(expected);
    expect((await as(abe).get('/api/contacts')).body.items[0]!.user.presence).toEqual(expected);
    for (const socket of abes) {
      const { data } = await ask(socket, 'presence:watch', { userIds: [bea.id] });
      expect(data!.items).toEqual([{ userId: bea.id, online: !isBlocked, lastSeenAt: null }]);
    }
    expect((await as(bea).get(`/api/users/${abe.id}`)).body.presence).toEqual({ online: true, lastSeenAt: null });
  },
  "Bea's status, for Abe": async ({ abe, bea, cem, abes, cems, directId, isBlocked }) => {
    const text = `status ${++count}`;
    await as(bea).put('/api/users/status', { text });
    expect((await nextEvent(cems, 'user:updated', ({ user }) => user.id === bea.id)).user.status!.text).toBe(text);
    for (const socket of abes) {
      const { user } = await nextEvent(socket, 'user:updated', ({ user: one }) => one.id === bea.id);
      expect(user.status?.text ?? null).toBe(isBlocked ? null : text);
    }
    const shown = isBlocked ? null : text;
    expect((await as(abe).get(`/api/users/${bea.id}`)).body.status?.text ?? null).toBe(shown);
    expect((await conversationOf(abe, directId)).peer!.status?.text ?? null).toBe(shown);
    expect((await as(cem).get(`/api/users/${bea.id}`)).body.status!.text).toBe(text);
  },
  'Bea in the directory, for Abe': async ({ abe, bea, cem, isBlocked }) => {
    const found = async (user: TestUser): Promise<number> =>
      (await as(user).get(`/api/contacts/search?q=${bea.username}`)).body.items.length;
    expect([await found(abe), await found(cem)]).toEqual([isBlocked ? 0 : 1, 1]);
  },
  'Abe adds Bea to a group': async ({ abe, bea, cem, isBlocked }) => {
    const refused = isBlocked ? [{ userId: bea.id, code: 'not_contactable' }] : [];
    const { body } = await as(abe).post('/api/groups', { title: 'New', memberIds: [bea.id, cem.id] });
    expect([body.refused, body.memberCount]).toEqual([refused, isBlocked ? 2 : 3]);
    const later = (await makeGroup(server, abe, [cem])).id;
    const added = await as(abe).post(`/api/groups/${later}/members`, { userIds: [bea.id] });
    expect(added.body).toMatchObject({ refused, added: isBlocked ? [] : [{ user: { id: bea.id } }] });
  },
  'both write in a shared group': async ({ abe, bea, groupId, abes, beas }) => {
    for (const [user, others] of [
      [abe, beas],
      [bea, abes],
    ] as const) {
      const { id } = await sendText(server, user, groupId, 'to all');
      for (const socket of others) await nextMessage(socket, id);
    }
  },
  'Abe mentions Bea in the group': async (scene) => {
    const { abe, bea, groupId, isBlocked } = scene;
    const counted = async (): Promise<number> => (await conversationOf(bea, groupId)).mentionCount;
    const { seq } = await conversationOf(bea, groupId);
    await markRead(bea, groupId, seq);
    await as(abe).post('/api/messages', draft(groupId, { mentions: [bea.id] }));
    expect(await counted()).toBe(isBlocked ? 0 : 1);
    expect((await as(bea).get('/api/conversations/unread')).body.mentions).toBe(isBlocked ? 0 : 1);
    if (!isBlocked) return;
    await unblock(bea, abe);
    expect(await counted()).toBe(0);
    await block(bea, abe);
  },
  'Bea types in the group': async ({ bea, abes, beas, cems, groupId, isBlocked }) => {
    const isHers = ({ conversationId, userIds }: EventPayload<'typing:updated'>): boolean =>
      conversationId === groupId && userIds.includes(bea.id);
    const before = abes.map(
      (socket) => eventsOf(socket, 'typing:updated').filter(({ payload }) => isHers(payload)).length,
    );
    await ask(beas[0]!, 'typing:start', { conversationId: groupId });
    await nextEvent(cems, 'typing:updated', isHers);
    if (!isBlocked) for (const socket of abes) await nextEvent(socket, 'typing:updated', isHers);
    const { id } = await sendText(server, bea, groupId, 'done');
    for (const socket of [...abes, cems]) await nextMessage(socket, id);
    await nextEvent(cems, 'typing:updated', ({ userIds }) => userIds.length === 0);
    const after = abes.map(
      (socket) => eventsOf(socket, 'typing:updated').filter(({ payload }) => isHers(payload)).length,
    );
    expect(after.map((received, n) => received - before[n]!)).toEqual(isBlocked ? [0, 0] : [1, 1]);
  },
  "Bea's receipts in the group, for Abe": async ({ abe, bea, cem, groupId, isBlocked }) => {
    const { id } = await sendText(server, abe, groupId, 'who reads this?');
    const { seq } = await conversationOf(bea, groupId);
    for (const user of [bea, cem]) await markRead(user, groupId, seq);
    const readers = (await as(abe).get(`/api/messages/${id}/receipts`)).body.read;
    expect(readers.includes(bea.id)).toBe(!isBlocked);
    expect(readers).toContain(cem.id);
    const shown = (await as(abe).get(`/api/conversations/${groupId}/receipts`)).body.items.map((one) => one.userId);
    expect([shown.includes(bea.id), shown.includes(cem.id)]).toEqual([!isBlocked, true]);
  },
  'the list of blocked users': async ({ abe, bea, abes, beas, isBlocked }) => {
    const blocked = (await as(bea).get('/api/contacts/blocked')).body.items.map((one) => one.id);
    expect(blocked).toEqual(isBlocked ? [abe.id] : []);
    expect((await ask(beas[1]!, 'sync', {})).data!.blocked!.map((one) => one.id)).toEqual(blocked);
    expect((await ask(abes[0]!, 'sync', {})).data!.blocked).toEqual([]);
    expect((await as(abe).get('/api/contacts/blocked')).body.items).toEqual([]);
    expect(abes.flatMap((socket) => eventsOf(socket, 'contact:updated'))).toEqual([]);
  },
};

const receipts = "Bea's receipts, as Abe sees them";

async function onTwoDevices(user: TestUser): Promise<Socket[]> {
  const devices = [user, await anotherDevice(server, user)];
  return Promise.all(devices.map((device) => connectAs(server, device)));
}

async function makeScene(): Promise<Scene> {
  const [abe, bea, cem] = await makeUsers(server, 3);
  const directId = (await makeDirect(server, abe, bea)).id;
  const groupId = (await makeGroup(server, cem, [abe, bea])).id;
  await as(abe).post('/api/contacts', { userId: bea.id });
  const ofAbe = await sendText(server, abe, directId, 'of Abe');
  const ofBea = await sendText(server, bea, directId, 'of Bea');
  for (let n = 0; n < 10; n++) await sendText(server, n % 2 ? abe : bea, directId, `more ${n}`);
  return {
    ...{ abe, bea, cem, directId, groupId, ofAbe, ofBea },
    abes: await onTwoDevices(abe),
    beas: await onTwoDevices(bea),
    cems: await connectAs(server, cem),
    isBlocked: false,
  };
}

describe('requirement 57: a block', () => {
  it('has a documented row for each one tested here', () => {
    const text = readFileSync(new URL('../../docs/BLOCKS.md', import.meta.url), 'utf8');
    const named = text.split('\n').flatMap((line) => (line.startsWith('| ') ? [line.split('|')[1]!.trim()] : []));
    expect(named.slice(2).sort()).toEqual([...Object.keys(rows), receipts].sort());
  });

  it.concurrent.each(Object.keys(rows))('%s: at once, after a reconnect, and back to normal after it', async (name) => {
    const scene = await makeScene();
    const row = rows[name]!;
    await row(scene);
    await block(scene.bea, scene.abe);
    for (const socket of scene.beas) {
      const received = await nextEvent(socket, 'contact:updated', ({ blocked: isBlocked }) => isBlocked);
      expect(received).toEqual({ userId: scene.abe.id, contact: null, blocked: true });
    }
    const blocked = { ...scene, isBlocked: true };
    await row(blocked);
    const abes = await Promise.all([connectAs(server, scene.abe), connectAs(server, scene.abe)]);
    const beas = await Promise.all([connectAs(server, scene.bea), connectAs(server, scene.bea)]);
    await row({ ...blocked, abes, beas });
    await unblock(scene.bea, scene.abe);
    await row({ ...scene, abes, beas });
  });

  it(`${receipts}: stay frozen, and are not published afterwards`, async () => {
    const { abe, bea, directId, abes } = await makeScene();
    const read = (seq: number) => markRead(bea, directId, seq);
    const reached = async (): Promise<number> => (await conversationOf(abe, directId)).reached.readSeq;
    const frozen = await reached();
    await block(bea, abe);
    const received = eventsOf(abes[0]!, 'receipt:updated').length;
    await read(12);
    expect(await reached()).toBe(frozen);
    await unblock(bea, abe);
    await read(12);
    expect([
      await reached(),
      (await as(abe).get(`/api/conversations/${directId}/receipts`)).body.items[0]!.readSeq,
    ]).toEqual([frozen, frozen]);
    expect(eventsOf(abes[0]!, 'receipt:updated').length).toBe(received);
    const { seq } = await sendText(server, abe, directId, 'after it');
    await read(seq);
    expect(await reached()).toBe(seq);
  });

  it('shows a watcher the user as offline, and the actual presence when it ends', async () => {
    const { abe, bea, abes } = await makeScene();
    await ask(abes[0]!, 'presence:watch', { userIds: [bea.id] });
    await block(bea, abe);
    expect(await nextEvent(abes[0]!, 'presence:updated')).toEqual({ userId: bea.id, online: false, lastSeenAt: null });
    await unblock(bea, abe);
    expect(await nextEvent(abes[0]!, 'presence:updated')).toEqual({ userId: bea.id, online: true, lastSeenAt: null });
  });

  it('rejects messages that were on their way', async () => {
    const { abe, bea, directId } = await makeScene();
    const sending = Array.from({ length: 60 }, () => as(abe).post('/api/messages', draft(directId)));
    await Promise.race(sending);
    expect((await block(bea, abe)).status).toBe(204);
    const { seq } = await conversationOf(bea, directId);
    const statuses = new Set((await Promise.all(sending)).map(({ status }) => status));
    for (const status of statuses) expect([201, 403]).toContain(status);
    expect((await conversationOf(bea, directId)).seq).toBe(seq);
  });

  it('answers a retry of an earlier message, can be repeated, and needs another existing user', async () => {
    const { abe, bea, directId } = await makeScene();
    const body = draft(directId);
    const first = await as(abe).post('/api/messages', body);
    for (const _ of [1, 2]) expect((await block(bea, abe)).status).toBe(204);
    expect((await as(abe).post('/api/messages', body)).body.id).toBe(first.body.id);
    expect((await block(bea, bea)).status).toBe(400);
    expect((await as(bea).put(`/api/contacts/${'0'.repeat(24)}/block`)).status).toBe(404);
    for (const _ of [1, 2]) expect((await unblock(bea, abe)).status).toBe(204);
  });
});
