import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { anotherDevice, makeDirect, makeGroup, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { allItems, block, reactionPath } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const add = (user: TestUser, messageId: string, emoji: string) => as(user).put(reactionPath(messageId, emoji));
const remove = (user: TestUser, messageId: string, emoji: string) => as(user).delete(reactionPath(messageId, emoji));

async function makeScene() {
  const [ada, bob, cem] = await makeUsers(server, 3);
  const { id } = await makeGroup(server, ada, [bob, cem]);
  const message = await sendText(server, ada, id, 'react to this');
  return { ada, bob, cem, id, message };
}

const many = ['😀', '😃', '😄', '😁', '😆', '😅', '😂', '🤣', '🥲', '😊', '😇', '🙂', '🙃', '😉', '😌'].concat([
  '😍',
  '🥰',
  '😘',
  '😗',
  '😙',
  '😚',
  '😋',
  '😛',
  '😝',
  '😜',
  '🤪',
  '🤨',
  '🧐',
  '🤓',
  '😎',
]);

describe('reactions', () => {
  it('are a set, shown on the message, published to all members, and included in sync', async () => {
    const { ada, bob, cem, id, message } = await makeScene();
    const [adas, cems] = [await connectAs(server, ada), await connectAs(server, cem)];
    const cursor = (await as(cem).post('/api/sync', {})).body.cursor;
    const first = await add(bob, message.id, '👍🏽');
    const shown = [{ emoji: '👍🏽', count: 1, userIds: [bob.id] }];
    expect([first.status, first.body]).toEqual([200, { messageId: message.id, rev: 1, reactions: shown }]);
    for (const socket of [adas, cems]) {
      const received = (await nextEvent(socket, 'message:updated')).message;
      expect([received.id, received.rev, received.reactions]).toEqual([message.id, 1, shown]);
    }
    expect((await add(bob, message.id, '👍🏽')).body).toEqual(first.body);
    const second = await ask(cems, 'reaction:add', { messageId: message.id, emoji: '👍🏽' });
    expect(second.data!.reactions).toEqual([{ emoji: '👍🏽', count: 2, userIds: [bob.id, cem.id] }]);
    await nextEvent(adas, 'message:updated', ({ message: one }) => one.rev === 2);
    const other = (await add(ada, message.id, '🇫🇷')).body;
    expect(other.reactions.map((one) => one.emoji)).toEqual(['👍🏽', '🇫🇷']);
    const synced = (await as(cem).post('/api/sync', { cursor })).body.conversations[0];
    const found = synced!.messages.find((one) => one.id === message.id);
    expect([found!.rev, found!.reactions]).toEqual([3, other.reactions]);
    const removed = await remove(bob, message.id, '👍🏽');
    expect(removed.body.reactions[0]).toEqual({ emoji: '👍🏽', count: 1, userIds: [cem.id] });
    expect((await remove(bob, message.id, '👍🏽')).body).toEqual(removed.body);
    expect((await ask(cems, 'reaction:remove', { messageId: message.id, emoji: '👍🏽' })).data!.reactions).toEqual(
      other.reactions.slice(1),
    );
    const list = (await as(bob).get(`/api/reactions/${message.id}`)).body;
    expect(list).toMatchObject({ items: [{ emoji: '🇫🇷', user: { id: ada.id } }], nextCursor: null });
    expect((await as(bob).get(`/api/conversations/${id}`)).body.rev).toBe(5);
    expect(eventsOf(cems, 'message:updated').map(({ payload }) => payload.message.rev)).toEqual([1, 3, 4]);
  });

  it('are paged in the order of reacting', async () => {
    const { bob, message } = await makeScene();
    for (const emoji of many.slice(0, 5)) await add(bob, message.id, emoji);
    const listed = await allItems((cursor) => as(bob).get(`/api/reactions/${message.id}?limit=2${cursor}`));
    expect(listed.map(({ emoji }) => emoji)).toEqual(many.slice(0, 5));
  });

  it('are rejected on system messages and tombstones, and if they are no emoji', async () => {
    const { ada, bob, id, message } = await makeScene();
    const { body } = await as(bob).get(`/api/messages?conversationId=${id}&limit=1&after=0`);
    expect(body.items[0]!.type).toBe('system');
    expect((await add(bob, body.items[0]!.id, '👍')).code).toBe('forbidden');
    await add(bob, message.id, '🎉');
    const tombstone = await as(ada).delete(`/api/messages/${message.id}`);
    expect(tombstone.body!.reactions).toEqual([]);
    expect((await add(bob, message.id, '👍')).code).toBe('forbidden');
    expect((await as(bob).get(`/api/reactions/${message.id}`)).body.items).toEqual([]);
    for (const wrong of ['a', '👍👍', ' ', '1']) expect((await add(bob, message.id, wrong)).status, wrong).toBe(400);
    const socket = await connectAs(server, bob);
    expect((await ask(socket, 'reaction:add', { messageId: message.id, emoji: 'x' })).error?.code).toBe(
      'invalid_input',
    );
  });

  it('are rejected after a block in a direct conversation, and allowed in a group', async () => {
    const { ada, bob, message } = await makeScene();
    const direct = (await makeDirect(server, ada, bob)).id;
    const own = await sendText(server, ada, direct, 'x');
    await block(ada, bob);
    for (const user of [ada, bob]) {
      expect((await add(user, own.id, '👍')).code).toBe('not_contactable');
      expect((await add(user, message.id, '👍')).status).toBe(200);
    }
  });

  it('are at most 20 different ones, even under concurrency', async () => {
    const { ada, bob, cem, message } = await makeScene();
    const answers = await Promise.all(
      many.flatMap((emoji, n) => [ada, bob, cem].slice(0, 1 + (n % 3)).map((user) => add(user, message.id, emoji))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    const { reactions } = (await as(ada).get(`/api/messages/${message.id}`)).body;
    expect(reactions).toHaveLength(20);
    const [first] = reactions;
    const unused = many.find((emoji) => !reactions.some((one) => one.emoji === emoji))!;
    expect((await add(ada, message.id, unused)).code).toBe('conflict');
    for (const user of [ada, bob, cem]) await remove(user, message.id, first!.emoji);
    expect((await add(ada, message.id, unused)).status).toBe(200);
  });

  it('requirement 90: end as last acknowledged after 200 concurrent changes from two devices', async () => {
    const { bob, message } = await makeScene();
    const other = await anotherDevice(server, bob);
    const sockets = [await connectAs(server, bob), await connectAs(server, other)];
    let last = '';
    const actions = Array.from({ length: 200 }, async (_, n) => {
      const event = n % 3 === 0 ? 'reaction:remove' : 'reaction:add';
      const reply = await ask(sockets[n % 2]!, event, { messageId: message.id, emoji: '👍' });
      expect(reply.ok).toBe(true);
      const count = reply.data!.reactions[0]?.count ?? 0;
      expect(count).toBe(event === 'reaction:add' ? 1 : 0);
      last = event;
    });
    await Promise.all(actions);
    const { reactions } = (await as(bob).get(`/api/messages/${message.id}`)).body;
    expect(reactions).toEqual(last === 'reaction:add' ? [{ emoji: '👍', count: 1, userIds: [bob.id] }] : []);
  });

  it('count all users who react at once, and list the first 50', async () => {
    const people = await makeUsers(server, 60);
    const { id } = await makeGroup(server, people[0]!, people.slice(1));
    const message = await sendText(server, people[0]!, id, 'all at once');
    await Promise.all(people.map((one) => add(one, message.id, '🎉')));
    const { reactions, rev } = (await as(people[0]!).get(`/api/messages/${message.id}`)).body;
    expect(reactions[0]).toMatchObject({ emoji: '🎉', count: 60 });
    expect([new Set(reactions[0]!.userIds).size, rev]).toEqual([50, 60]);
  });
});
