import { beforeAll, describe, expect, it } from 'vitest';
import { api, as } from '../support/client.js';
import { anotherDevice, makeDirect, makePair, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { conversationOf, historyOf } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const edit = (user: TestUser, id: string, body: object) => as(user).patch(`/api/messages/${id}`, body);
const erase = (user: TestUser, id: string, scope = 'everyone') => as(user).delete(`/api/messages/${id}?scope=${scope}`);

describe('editing', () => {
  it('requirement 32: changes text, revision and editedAt, and nothing else', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = await sendText(server, ada, id, 'one');
    const edited = await edit(ada, sent.id, { text: 'two', revision: 0 });
    expect(edited.status).toBe(200);
    expect(edited.body).toEqual({
      ...sent,
      text: 'two',
      revision: 1,
      rev: 1,
      editedAt: expect.any(String) as string,
    });
    expect(await historyOf(bob, id)).toEqual([{ ...edited.body, state: null }]);
    const revisions = await as(bob).get(`/api/messages/${sent.id}/revisions`);
    expect(revisions.body).toEqual({ items: [{ text: 'one', editedAt: edited.body.editedAt }] });
    expect(await conversationOf(bob, id)).toMatchObject({ rev: 1, seq: 1, lastMessage: { text: 'two' } });
  });

  it('requirement 32: is allowed only to the author, not on a tombstone, and for no other field', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = await sendText(server, ada, id, 'one');
    expect((await edit(bob, sent.id, { text: 'two' })).code).toBe('forbidden');
    for (const field of ['senderId', 'conversationId', 'createdAt', 'seq', 'type', 'mentions', 'clientId'])
      expect((await edit(ada, sent.id, { text: 'two', [field]: 'x' })).status, field).toBe(400);
    expect((await edit(ada, sent.id, { text: ' \n' })).status).toBe(400);
    expect((await edit(ada, sent.id, { text: 'x'.repeat(4001) })).status).toBe(400);
    await erase(ada, sent.id);
    expect((await edit(ada, sent.id, { text: 'two' })).code).toBe('forbidden');
    expect((await conversationOf(ada, id)).rev).toBe(1);
  });

  it('requirement 32: is rejected after the window, unless the text stays the same', async () => {
    const short = await startTestServer({ MESSAGE_EDIT_WINDOW: '1s', MESSAGE_DELETE_WINDOW: '1s' });
    const [ada, bob] = await makeUsers(short, 2);
    const sent = await sendText(short, ada, (await makeDirect(short, ada, bob)).id, 'one');
    await short.database.collection('messages').updateMany({}, { $set: { createdAt: new Date(Date.now() - 1500) } });
    const late = await api(short).as(ada).patch(`/api/messages/${sent.id}`, { text: 'two' });
    expect([late.status, late.code]).toEqual([403, 'edit_window_expired']);
    expect((await api(short).as(ada).patch(`/api/messages/${sent.id}`, { text: 'one' })).status).toBe(200);
    const deleted = await api(short).as(ada).delete(`/api/messages/${sent.id}`);
    expect([deleted.status, deleted.code]).toEqual([403, 'delete_window_expired']);
    expect((await api(short).as(ada).delete(`/api/messages/${sent.id}?scope=me`)).status).toBe(204);
  });

  it('has no window if it is set to 0', async () => {
    const open = await startTestServer({ MESSAGE_EDIT_WINDOW: '0', MESSAGE_DELETE_WINDOW: '0' });
    const [ada, bob] = await makeUsers(open, 2);
    const sent = await sendText(open, ada, (await makeDirect(open, ada, bob)).id, 'one');
    await open.database.collection('messages').updateMany({}, { $set: { createdAt: new Date(2020, 1, 1) } });
    expect((await api(open).as(ada).patch(`/api/messages/${sent.id}`, { text: 'two' })).status).toBe(200);
    expect((await api(open).as(ada).delete(`/api/messages/${sent.id}`)).status).toBe(200);
  });

  it('to the same text uses no rev, and the last 20 texts are kept', async () => {
    const { ada, id } = await makePair(server);
    const sent = await sendText(server, ada, id, 'text 0');
    expect((await edit(ada, sent.id, { text: 'text 0', revision: 7 })).body).toEqual(sent);
    for (let n = 1; n <= 22; n++) await edit(ada, sent.id, { text: `text ${n}` });
    const { body } = await as(ada).get(`/api/messages/${sent.id}/revisions`);
    expect(body.items.map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_, n) => `text ${n + 2}`));
    expect(await conversationOf(ada, id)).toMatchObject({ rev: 22 });
  });

  it('requirement 89: succeeds once for concurrent edits of one revision; a deletion wins over all', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = await sendText(server, ada, id, 'one');
    const texts = Array.from({ length: 50 }, (_, n) => `edit ${n}`);
    const stale = await Promise.all(texts.map((text) => edit(ada, sent.id, { text, revision: 0 })));
    expect(stale.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(stale.filter(({ code }) => code === 'stale_revision')).toHaveLength(49);
    const [, ...answers] = await Promise.all([
      erase(ada, sent.id),
      ...texts.map((text) => edit(ada, sent.id, { text: `again ${text}` })),
    ]);
    expect(answers.every(({ status }) => status === 200 || status === 403)).toBe(true);
    const [tombstone] = await historyOf(bob, id);
    expect(tombstone).toMatchObject({ text: '', deletedAt: expect.any(String) });
    const { rev } = await conversationOf(bob, id);
    expect(tombstone!.rev).toBe(rev);
    expect(await historyOf(ada, id)).toEqual([{ ...tombstone, state: 'sent' }]);
  });
});

describe('deleting', () => {
  it('leaves a tombstone with its position but none of its content, which counts in no badge', async () => {
    const { ada, bob, id } = await makePair(server);
    const first = await sendText(server, ada, id, 'first');
    const body = { conversationId: id, clientId: 'reply', text: 'gone', replyTo: first.id, mentions: [bob.id] };
    const sent = (await as(ada).post('/api/messages', body)).body;
    await edit(ada, sent.id, { text: 'gone too' });
    expect(await conversationOf(bob, id)).toMatchObject({ unreadCount: 2, mentionCount: 1 });
    const tombstone = (await erase(ada, sent.id)).body;
    expect(tombstone).toEqual({
      ...sent,
      text: '',
      replyTo: null,
      mentions: [],
      rev: 2,
      revision: 1,
      editedAt: expect.any(String) as string,
      deletedAt: expect.any(String) as string,
    });
    expect((await erase(ada, sent.id)).body).toEqual(tombstone);
    expect((await as(ada).get(`/api/messages/${sent.id}/revisions`)).body).toEqual({ items: [] });
    expect(await conversationOf(bob, id)).toMatchObject({ unreadCount: 1, mentionCount: 0, rev: 2 });
    expect((await as(bob).get('/api/conversations/unread')).body).toEqual({
      conversations: 1,
      messages: 1,
      mentions: 0,
    });
    await erase(ada, first.id);
    expect((await as(bob).get('/api/conversations?filter=unread')).body.items).toEqual([]);
    expect((await as(ada).post('/api/messages', body)).body).toMatchObject({ id: sent.id, text: '', rev: 2 });
    expect((await as(ada).post('/api/messages', { ...body, text: 'other' })).code).toBe('client_id_reused');
  });

  it('requirement 32: for everyone is allowed only to the author in a direct conversation', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = await sendText(server, ada, id, 'stays');
    expect((await erase(bob, sent.id)).code).toBe('forbidden');
    expect((await erase(bob, sent.id, 'nobody')).status).toBe(400);
    expect(await historyOf(ada, id)).toEqual([sent]);
  });

  it('requirement 88: the last message and the order stay right when the newest are deleted in any order', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = await Promise.all(Array.from({ length: 30 }, (_, n) => sendText(server, ada, id, `text ${n}`)));
    const newest = sent.sort((a, b) => a.seq - b.seq).slice(-10);
    await Promise.all(newest.reverse().map((message) => erase(ada, message.id, 'me')));
    expect((await conversationOf(ada, id)).lastMessage!.seq).toBe(20);
    expect((await conversationOf(bob, id)).lastMessage!.seq).toBe(30);
    expect((await as(ada).get('/api/conversations')).body.items[0]!.lastMessage!.seq).toBe(20);
  });

  it('empties quotes of the message', async () => {
    const { ada, bob, id } = await makePair(server);
    const quoted = await sendText(server, ada, id, 'x'.repeat(150));
    const body = { conversationId: id, clientId: 'q', text: 'yes', replyTo: quoted.id };
    const reply = (await as(bob).post('/api/messages', body)).body;
    expect(reply.replyTo!.excerpt).toBe('x'.repeat(100));
    await edit(ada, quoted.id, { text: 'shorter' });
    expect((await as(bob).get(`/api/messages/${reply.id}`)).body.replyTo!.excerpt).toBe('shorter');
    await erase(ada, quoted.id);
    expect((await as(bob).get(`/api/messages/${reply.id}`)).body.replyTo).toEqual({ ...reply.replyTo, excerpt: '' });
  });
});

describe('hiding', () => {
  it('hides a message from the caller only, over both transports, on all devices', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = [];
    for (const text of ['one', 'two', 'three', 'four']) sent.push(await sendText(server, ada, id, text));
    const phone = await connectAs(server, await anotherDevice(server, bob));
    const asking = await connectAs(server, bob);
    expect(await ask(asking, 'message:delete', { messageId: sent[3]!.id, scope: 'me' })).toEqual({
      ok: true,
      data: null,
    });
    expect((await erase(bob, sent[1]!.id, 'me')).status).toBe(204);
    expect((await erase(bob, sent[1]!.id, 'me')).status).toBe(204);
    expect((await nextEvent(phone, 'message:hidden')).messageIds).toEqual([sent[3]!.id]);
    expect((await nextEvent(phone, 'settings:updated')).unreadCount).toBe(3);
    expect((await nextEvent(asking, 'message:hidden')).messageIds).toEqual([sent[1]!.id]);
    expect((await historyOf(bob, id)).map(({ seq }) => seq)).toEqual([1, 3]);
    expect(await conversationOf(bob, id)).toMatchObject({ unreadCount: 2, lastMessage: { seq: 3 } });
    expect((await as(bob).get('/api/conversations/unread')).body.messages).toBe(2);
    expect((await as(bob).get(`/api/messages/${sent[1]!.id}`)).status).toBe(404);
    expect((await as(bob).get(`/api/messages/${sent[1]!.id}/receipts`)).status).toBe(404);
    const quoting = { conversationId: id, clientId: 'q', text: 'x', replyTo: sent[1]!.id };
    expect((await as(bob).post('/api/messages', quoting)).status).toBe(404);
    expect((await historyOf(ada, id)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const page = (await as(bob).get(`/api/messages?conversationId=${id}&after=1&limit=1`)).body;
    expect(page).toMatchObject({ items: [{ seq: 3 }], hasMoreBefore: true, hasMoreAfter: false });
    const before = (await as(bob).get(`/api/messages?conversationId=${id}&before=3&limit=1`)).body;
    expect(before).toMatchObject({ items: [{ seq: 1 }], hasMoreBefore: false, hasMoreAfter: true });
  });

  it('is counted once if the message is also deleted, read or cleared', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = [];
    for (const text of ['one', 'two', 'three']) sent.push(await sendText(server, ada, id, text));
    await erase(bob, sent[1]!.id, 'me');
    await erase(ada, sent[1]!.id);
    expect((await conversationOf(bob, id)).unreadCount).toBe(2);
    await as(bob).post(`/api/conversations/${id}/read`, { seq: 2 });
    expect((await conversationOf(bob, id)).unreadCount).toBe(1);
    await as(bob).delete(`/api/conversations/${id}`);
    expect((await conversationOf(bob, id)).unreadCount).toBe(0);
    expect((await erase(bob, sent[2]!.id, 'me')).status).toBe(404);
  });
});

describe('events of changes', () => {
  it('carry each rev once to every member; the requesting socket gets only its acknowledgement', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = await sendText(server, ada, id, 'one');
    const [asking, own, peer] = [
      await connectAs(server, ada),
      await connectAs(server, await anotherDevice(server, ada)),
      await connectAs(server, bob),
    ];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ask(asking, 'message:edit', { messageId: sent.id, text: `edit ${n}` })),
    );
    expect(answers.every(({ ok }) => ok)).toBe(true);
    const last = await ask(asking, 'message:delete', { messageId: sent.id });
    expect(last.data).toMatchObject({ rev: 21, text: '', deletedAt: expect.any(String) });
    for (const [socket, state] of [[own, 'sent'] as const, [peer, null] as const]) {
      const received = await nextEvent(socket, 'message:updated', ({ message }) => message.rev === 21);
      expect(received.message).toEqual({ ...last.data, state });
      const revs = eventsOf(socket, 'message:updated').map(({ payload }) => payload.message.rev);
      expect(revs).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
    }
    expect(eventsOf(asking, 'message:updated')).toEqual([]);
  });

  it('tell members who cannot see the message only that something changed, and never quote it', async () => {
    const { ada, bob, id } = await makePair(server);
    const [first, second] = [await sendText(server, ada, id, 'secret one'), await sendText(server, ada, id, 'two')];
    await erase(bob, first.id, 'me');
    const [own, peer] = [await connectAs(server, ada), await connectAs(server, bob)];
    await edit(ada, first.id, { text: 'secret three' });
    expect(await nextEvent(peer, 'change:skipped')).toEqual({ conversationId: id, rev: 1 });
    const reply = { conversationId: id, clientId: 'r', text: 'reply', replyTo: first.id };
    const answered = (await as(ada).post('/api/messages', reply)).body;
    expect(answered.replyTo!.excerpt).toBe('secret three');
    expect((await nextEvent(own, 'message:created')).message.replyTo!.excerpt).toBe('secret three');
    expect((await nextEvent(peer, 'message:created')).message.replyTo!.excerpt).toBe('');
    await edit(ada, answered.id, { text: 'reply, edited' });
    expect((await nextEvent(peer, 'message:updated')).message.replyTo!.excerpt).toBe('');
    await as(bob).delete(`/api/conversations/${id}`);
    await edit(ada, second.id, { text: 'four' });
    expect(await nextEvent(peer, 'change:skipped')).toEqual({ conversationId: id, rev: 3 });
    expect(eventsOf(own, 'change:skipped')).toEqual([]);
    expect(JSON.stringify(eventsOf(peer))).not.toContain('secret');
  });
});

describe('receipts of a message', () => {
  it('list the users it has reached, without its sender', async () => {
    const { ada, bob, id } = await makePair(server);
    const sent = await sendText(server, ada, id, 'one');
    const receipts = async () => (await as(ada).get(`/api/messages/${sent.id}/receipts`)).body;
    expect(await receipts()).toEqual({ delivered: [], read: [] });
    await as(bob).post(`/api/conversations/${id}/delivered`, { seq: 1 });
    expect(await receipts()).toEqual({ delivered: [bob.id], read: [] });
    await as(bob).post(`/api/conversations/${id}/read`, { seq: 1 });
    expect(await receipts()).toEqual({ delivered: [bob.id], read: [bob.id] });
  });
});
