import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { makeDirect, makeUser, makeUsers, makeGroup, sendText, type TestUser } from '../support/factories.js';
import { fence, historyOf } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connectAs, eventsOf, nextEvent, nextMessage } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const add = (user: TestUser, id: string, userIds: string[]) => as(user).post(`/api/groups/${id}/members`, { userIds });
const remove = (user: TestUser, id: string, userId: string) => as(user).delete(`/api/groups/${id}/members/${userId}`);
const setRole = (user: TestUser, id: string, userId: string, role: string) =>
  as(user).patch(`/api/groups/${id}/members/${userId}`, { role });
const leave = (user: TestUser, id: string) => as(user).post(`/api/groups/${id}/leave`);
const groupOf = async (user: TestUser, id: string) => (await as(user).get(`/api/groups/${id}`)).body;
const membersOf = async (user: TestUser, id: string): Promise<[string, string][]> =>
  (await as(user).get(`/api/groups/${id}/members?limit=100`)).body.items.map((one) => [one.user.id, one.role]);
const systems = async (user: TestUser, id: string) =>
  (await historyOf(user, id)).flatMap(({ system }) => (system ? [system] : []));

describe('a group', () => {
  it('is created with its members, who are notified, and starts with a system message', async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    const [own, peer] = [await connectAs(server, ada), await connectAs(server, bob)];
    const body = {
      title: 'Élan',
      description: 'about',
      memberIds: [bob.id, eve.id, bob.id, ada.id, '0123456789abcdef01234567'],
    };
    const answer = await as(ada).post('/api/groups', body);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      type: 'group',
      title: 'Élan',
      description: 'about',
      photo: null,
      peer: null,
      memberCount: 3,
      role: 'creator',
      permissions: [
        'send',
        'react',
        'edit_info',
        'add_members',
        'remove_members',
        'set_roles',
        'delete_messages',
        'transfer',
        'delete_group',
        'leave',
      ],
      seq: 1,
      rev: 0,
      unreadCount: 0,
      refused: [{ userId: '0123456789abcdef01234567', code: 'not_found' }],
      lastMessage: { type: 'system', seq: 1, senderId: ada.id, clientId: null, text: '', state: null },
    });
    const { id } = answer.body;
    expect((await nextEvent(own, 'conversation:created')).conversation.id).toBe(id);
    const received = (await nextEvent(peer, 'conversation:created')).conversation;
    expect(received).toMatchObject({ id, role: 'member', permissions: ['send', 'react', 'leave'], unreadCount: 0 });
    expect(await groupOf(bob, id)).toEqual(received);
    expect(await systems(eve, id)).toEqual([
      { kind: 'group_created', actorId: ada.id, userIds: [bob.id, eve.id], role: null, title: 'Élan' },
    ]);
    expect((await as(bob).get('/api/conversations')).body.items).toEqual([received]);
    const members = (await as(bob).get(`/api/groups/${id}/members`)).body.items;
    expect(members[0]).toMatchObject({
      user: { id: ada.id, username: ada.username },
      role: 'creator',
      invitedBy: null,
    });
    expect(members[1]).toMatchObject({ role: 'member', invitedBy: ada.id });
  });

  it('is created once per clientId of its creator, through either route', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const first = await as(ada).post('/api/groups', { title: 'one', memberIds: [bob.id], clientId: 'c1' });
    const again = await as(ada).post('/api/conversations', {
      type: 'group',
      title: 'two',
      memberIds: [],
      clientId: 'c1',
    });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual({ ...first.body, refused: [] });
    const many = await Promise.all(
      Array.from({ length: 10 }, () =>
        as(bob).post('/api/groups', { title: 'x', memberIds: [ada.id], clientId: 'c1' }),
      ),
    );
    expect(many.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(many.map(({ body }) => body.id)).size).toBe(1);
    expect((await as(ada).post('/api/groups', { title: '', memberIds: [] })).status).toBe(400);
    expect((await as(ada).post('/api/groups', { title: 'x'.repeat(101), memberIds: [] })).status).toBe(400);
    expect(
      (await as(ada).post('/api/groups', { title: 'x', memberIds: [], description: 'x'.repeat(1001) })).status,
    ).toBe(400);
  });

  it('carries messages, unread counts, mentions, quotes and states like any conversation', async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    const { id } = await makeGroup(server, ada, [bob, eve]);
    const peer = await connectAs(server, bob);
    const sent = await as(ada).post('/api/messages', {
      conversationId: id,
      clientId: 'm',
      text: 'hello',
      mentions: [eve.id],
    });
    expect(sent.body).toMatchObject({ seq: 2, state: 'sent', type: 'text' });
    expect((await nextEvent(peer, 'message:created')).message).toEqual({ ...sent.body, state: null });
    expect(await groupOf(eve, id)).toMatchObject({ unreadCount: 1, mentionCount: 1 });
    const stranger = await makeUser(server);
    const mentioning = { conversationId: id, clientId: 'n', text: 'hello', mentions: [stranger.id] };
    expect((await as(ada).post('/api/messages', mentioning)).status).toBe(400);
    const state = async () => (await as(ada).get(`/api/messages/${sent.body.id}`)).body.state;
    await as(bob).post(`/api/conversations/${id}/read`, { seq: 2 });
    expect(await state()).toBe('sent');
    await as(eve).post(`/api/conversations/${id}/delivered`, { seq: 2 });
    expect(await state()).toBe('delivered');
    expect((await as(ada).get(`/api/messages/${sent.body.id}/receipts`)).body).toEqual({
      delivered: [bob.id, eve.id].sort(),
      read: [bob.id],
    });
    await sendText(server, eve, id, 'answer');
    expect(await state()).toBe('read');
    expect((await groupOf(ada, id)).reached).toEqual({ deliveredSeq: 2, readSeq: 2 });
    const receipts = (await as(ada).get(`/api/conversations/${id}/receipts`)).body.items;
    expect(receipts.map(({ userId }) => userId)).toEqual([bob.id, eve.id].sort());
    const received = await nextEvent(peer, 'receipt:updated', ({ readSeq }) => readSeq === 2);
    expect(received).toEqual({ conversationId: id, userId: null, deliveredSeq: 2, readSeq: 2 });
  });

  it('requirement 29: shows new members only what is sent after they joined, over both transports', async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    const { id } = await makeGroup(server, ada, [bob]);
    const early = await sendText(server, ada, id, 'early marker');
    await as(bob).patch(`/api/messages/${early.id}`, { text: 'x' });
    const [peer, late] = [await connectAs(server, bob), await connectAs(server, eve)];
    const added = await add(ada, id, [eve.id, bob.id, eve.id, '0123456789abcdef01234567']);
    expect(added.body).toMatchObject({
      added: [
        { user: { id: eve.id }, role: 'member', invitedBy: ada.id },
        { user: { id: bob.id }, role: 'member' },
      ],
      refused: [{ userId: '0123456789abcdef01234567', code: 'not_found' }],
    });
    const seen = (await nextEvent(late, 'conversation:created')).conversation;
    expect(seen).toMatchObject({ id, memberCount: 3, unreadCount: 0, readSeq: 2, lastMessage: { seq: 3 } });
    expect((await nextEvent(peer, 'member:added')).members).toMatchObject([{ user: { id: eve.id } }]);
    expect(await systems(eve, id)).toMatchObject([{ kind: 'member_added', userIds: [eve.id], actorId: ada.id }]);
    expect((await historyOf(eve, id)).map(({ seq }) => seq)).toEqual([3]);
    expect((await as(eve).get(`/api/messages/${early.id}`)).status).toBe(404);
    expect((await as(eve).get(`/api/reactions/${early.id}`)).status).toBe(404);
    expect((await as(eve).get('/api/messages/search?q=marker')).body.items).toEqual([]);
    expect(JSON.stringify((await as(eve).post('/api/sync', {})).body)).not.toContain('early marker');
    expect((await as(eve).get('/api/notifications')).text).not.toContain(early.id);
    const reply = await as(ada).post('/api/messages', {
      conversationId: id,
      clientId: 'r',
      text: 'r',
      replyTo: early.id,
    });
    expect(reply.body.replyTo!.excerpt).toBe('early marker');
    const received = await nextMessage(late, reply.body.id);
    expect(received.replyTo).toMatchObject({ id: early.id, excerpt: '' });
    expect((await historyOf(eve, id)).at(-1)!.replyTo!.excerpt).toBe('');
    await as(ada).patch(`/api/messages/${early.id}`, { text: 'early edited' });
    expect(await nextEvent(late, 'change:skipped')).toEqual({ conversationId: id, rev: 2 });
    expect(JSON.stringify(eventsOf(late))).not.toContain('early');
    await sendText(server, eve, id, 'mine');
    expect(await groupOf(bob, id)).toMatchObject({ unreadCount: 3 });
  });

  it('requirement 28: lets removed and departed members receive and read nothing more', async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    const { id } = await makeGroup(server, ada, [bob, eve]);
    const before = await sendText(server, bob, id, 'before');
    const [gone, peer] = [await connectAs(server, bob), await connectAs(server, eve)];
    expect((await remove(ada, id, bob.id)).status).toBe(204);
    expect(await nextEvent(gone, 'conversation:removed')).toEqual({ conversationId: id, reason: 'removed' });
    expect(await nextEvent(peer, 'member:removed')).toMatchObject({ conversationId: id, rev: 1, userId: bob.id });
    await sendText(server, ada, id, 'after marker');
    await nextEvent(peer, 'message:created', ({ message }) => message.text === 'after marker');
    for (const path of [
      `groups/${id}`,
      `conversations/${id}`,
      `messages/${before.id}`,
      `messages?conversationId=${id}`,
      `groups/${id}/members`,
    ])
      expect((await as(bob).get(`/api/${path}`)).status, path).toBe(404);
    expect((await as(bob).post('/api/messages', { conversationId: id, clientId: 'x', text: 'x' })).status).toBe(404);
    expect((await remove(ada, id, bob.id)).status).toBe(404);
    expect((await as(bob).get('/api/conversations')).body.items).toEqual([]);
    expect((await leave(eve, id)).status).toBe(204);
    expect(await nextEvent(peer, 'conversation:removed')).toEqual({ conversationId: id, reason: 'left' });
    await fence(gone, bob, (await makeDirect(server, bob, ada)).id);
    expect(JSON.stringify(eventsOf(gone))).not.toContain('marker');
    expect(eventsOf(gone, 'message:created')).toHaveLength(1);
    expect(await systems(ada, id)).toMatchObject([
      { kind: 'group_created' },
      { kind: 'member_removed', actorId: ada.id, userIds: [bob.id] },
      { kind: 'member_left', actorId: eve.id, userIds: [eve.id] },
    ]);
    const back = await add(ada, id, [bob.id]);
    expect(back.body.added).toHaveLength(1);
    expect((await historyOf(bob, id)).map(({ system }) => system?.kind)).toEqual(['member_added']);
    expect((await edit(bob, before.id)).status).toBe(404);
  });

  const edit = (user: TestUser, id: string) => as(user).patch(`/api/messages/${id}`, { text: 'again' });

  it('passes to the longest-serving admin, else moderator, else member when its creator leaves', async () => {
    const [ada, bob, eve, dan] = await makeUsers(server, 4);
    const { id } = await makeGroup(server, ada, []);
    for (const user of [bob, eve, dan]) await add(ada, id, [user.id]);
    await setRole(ada, id, dan.id, 'moderator');
    await setRole(ada, id, eve.id, 'admin');
    const peer = await connectAs(server, eve);
    await leave(ada, id);
    const own = await nextEvent(peer, 'conversation:updated');
    expect(own).toMatchObject({ conversationId: id, changes: { role: 'creator' } });
    expect(await membersOf(bob, id)).toEqual([
      [eve.id, 'creator'],
      [dan.id, 'moderator'],
      [bob.id, 'member'],
    ]);
    await leave(eve, id);
    expect((await groupOf(dan, id)).role).toBe('creator');
    await leave(dan, id);
    expect(await groupOf(bob, id)).toMatchObject({ role: 'creator', memberCount: 1 });
    const alone = await sendText(server, bob, id, 'alone');
    expect(alone.state).toBe('read');
    expect((await leave(bob, id)).status).toBe(204);
    expect((await as(bob).get(`/api/groups/${id}`)).status).toBe(404);
  });

  it('is transferred only by its creator and only to a member; the former creator becomes an admin', async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    const { id } = await makeGroup(server, ada, [bob]);
    const transfer = (user: TestUser, userId: string) => as(user).post(`/api/groups/${id}/transfer`, { userId });
    expect((await transfer(bob, bob.id)).status).toBe(403);
    expect((await transfer(ada, eve.id)).status).toBe(404);
    expect((await transfer(ada, bob.id)).body).toMatchObject({ role: 'admin' });
    expect(await membersOf(ada, id)).toEqual([
      [bob.id, 'creator'],
      [ada.id, 'admin'],
    ]);
    expect((await systems(ada, id)).at(-1)).toMatchObject({
      kind: 'ownership_transferred',
      actorId: ada.id,
      userIds: [bob.id],
    });
  });

  it('announces a new title and description with two messages and two revs, and unchanged values with none', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const { id } = await makeGroup(server, ada, [bob]);
    const peer = await connectAs(server, bob);
    const changed = await as(ada).patch(`/api/groups/${id}`, { title: 'New', description: 'newer' });
    expect(changed.body).toMatchObject({ title: 'New', description: 'newer', rev: 2, seq: 3 });
    expect(await nextEvent(peer, 'conversation:updated')).toEqual({
      conversationId: id,
      rev: 1,
      changes: { title: 'New' },
    });
    expect(await nextEvent(peer, 'conversation:updated')).toEqual({
      conversationId: id,
      rev: 2,
      changes: { description: 'newer' },
    });
    expect((await as(ada).patch(`/api/groups/${id}`, { title: 'New' })).body).toMatchObject({ rev: 2, seq: 3 });
    expect((await as(bob).patch(`/api/groups/${id}`, { title: 'No' })).status).toBe(403);
    expect((await systems(bob, id)).slice(1)).toMatchObject([
      { kind: 'title_changed', title: 'New' },
      { kind: 'description_changed', title: null },
    ]);
  });

  it('is deleted by its creator with everything in it, as sync reports', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const { id } = await makeGroup(server, ada, [bob]);
    for (let n = 0; n < 5; n++) await sendText(server, bob, id, `text ${n}`);
    const { cursor } = (await as(bob).post('/api/sync', {})).body;
    const peer = await connectAs(server, bob);
    expect((await as(bob).delete(`/api/groups/${id}`)).status).toBe(403);
    expect((await as(ada).delete(`/api/groups/${id}`)).status).toBe(204);
    expect(await nextEvent(peer, 'conversation:removed')).toEqual({ conversationId: id, reason: 'deleted' });
    expect((await as(ada).delete(`/api/groups/${id}`)).status).toBe(404);
    expect((await as(bob).get(`/api/conversations/${id}`)).status).toBe(404);
    expect((await as(bob).post('/api/sync', { cursor })).body).toMatchObject({
      conversations: [],
      removedConversationIds: [id],
    });
  });

  it('lists its members in sync: all of them to a new device, later only those that changed', async () => {
    const [ada, bob, eve, dan] = await makeUsers(server, 4);
    const { id } = await makeGroup(server, ada, [bob, dan]);
    const first = (await as(bob).post('/api/sync', {})).body;
    expect(first.conversations[0]!.members!.map(({ user }) => user.id).sort()).toEqual([ada.id, bob.id, dan.id].sort());
    await add(ada, id, [eve.id]);
    await setRole(ada, id, eve.id, 'admin');
    await remove(ada, id, dan.id);
    const [received] = (await as(bob).post('/api/sync', { cursor: first.cursor })).body.conversations;
    expect(received).toMatchObject({
      limited: false,
      removedMemberIds: [dan.id],
      conversation: { memberCount: 3, rev: 3 },
    });
    expect(received!.members).toMatchObject([{ user: { id: eve.id }, role: 'admin' }]);
    expect(received!.messages.map(({ system }) => system!.kind)).toEqual([
      'member_added',
      'role_changed',
      'member_removed',
    ]);
  });

  it('requirement 25: every group route is a 404 for the id of a direct conversation', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const { id } = await makeDirect(server, ada, bob);
    const answers = [
      await as(ada).get(`/api/groups/${id}`),
      await as(ada).get(`/api/groups/${id}/members`),
      await add(ada, id, [bob.id]),
      await remove(ada, id, bob.id),
      await setRole(ada, id, bob.id, 'admin'),
      await leave(ada, id),
      await as(ada).delete(`/api/groups/${id}`),
      await as(ada).patch(`/api/groups/${id}`, { title: 'x' }),
      await as(ada).delete(`/api/groups/${id}/photo`),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
  });
});
