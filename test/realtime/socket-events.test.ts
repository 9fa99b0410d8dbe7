import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { anotherDevice, makeDirect, makeUser, makeUsers, sendText } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent, nextMessage } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

describe('socket events', () => {
  it("of a message go to the peer and to the sender's other devices; the requesting socket gets its acknowledgement", async () => {
    const ada = await makeUser(server);
    const laptop = await anotherDevice(server, ada);
    const bob = await makeUser(server);
    const direct = await makeDirect(server, ada, bob);
    const [asking, own, peer] = [
      await connectAs(server, ada),
      await connectAs(server, laptop),
      await connectAs(server, bob),
    ];
    const input = { conversationId: direct.id, clientId: 'one', text: 'hello' };
    const answer = await ask(asking, 'message:send', input);
    expect(answer.data!.state).toBe('sent');
    const toOwn = await nextEvent(own, 'message:created');
    const toPeer = await nextEvent(peer, 'message:created');
    expect(toOwn.message).toEqual(answer.data);
    expect(toPeer.message).toMatchObject({ id: answer.data!.id, state: null });
    const begun = await nextEvent(peer, 'conversation:created');
    expect(begun.conversation).toMatchObject({ id: direct.id, unreadCount: 1, peer: { id: ada.id } });

    const marker = await sendText(server, ada, direct.id, 'over REST');
    await nextMessage(asking, marker.id);
    await nextMessage(peer, marker.id);
    expect(eventsOf(asking, 'message:created').map(({ payload }) => payload.message.id)).toEqual([marker.id]);
    expect(eventsOf(peer, 'conversation:created').length).toBe(1);
  });

  it("of a profile go once to the user's devices and to those who share a conversation", async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    await sendText(server, ada, (await makeDirect(server, ada, bob)).id, 'hello');
    const sockets = [await connectAs(server, ada), await connectAs(server, bob), await connectAs(server, eve)] as const;
    const [own, peer, stranger] = sockets;
    await as(ada).put('/api/users/profile', { displayName: 'Ada the First' });
    for (const socket of [own, peer]) {
      const { user } = await nextEvent(socket, 'user:updated');
      expect(user).toMatchObject({ id: ada.id, displayName: 'Ada the First' });
    }
    expect((await nextEvent(own, 'settings:updated')).me!.displayName).toBe('Ada the First');
    for (const user of [bob, eve]) await as(user).put('/api/users/profile', { bio: 'a marker' });
    await nextEvent(peer, 'settings:updated');
    await nextEvent(peer, 'user:updated', ({ user }) => user.id === bob.id);
    await nextEvent(stranger, 'user:updated', ({ user }) => user.id === eve.id);
    expect(eventsOf(peer, 'user:updated').filter(({ payload }) => payload.user.id === ada.id).length).toBe(1);
    expect(eventsOf(peer, 'settings:updated').map(({ payload }) => payload.me!.id)).toEqual([bob.id]);
    expect(eventsOf(stranger, 'user:updated').map(({ payload }) => payload.user.id)).toEqual([eve.id]);
  });

  it('and acknowledgements of 50 pipelined messages arrive in the order of seq', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const direct = await makeDirect(server, ada, bob);
    const [sender, peer] = [await connectAs(server, ada), await connectAs(server, bob)];
    const answered: string[] = [];
    const texts = Array.from({ length: 50 }, (_, n) => `number ${n}`);
    await Promise.all(
      texts.map(async (text, n) => {
        const answer = await ask(sender, 'message:send', { conversationId: direct.id, clientId: `n-${n}`, text });
        answered.push(`${answer.data!.seq} ${answer.data!.text}`);
      }),
    );
    await nextEvent(peer, 'message:created', ({ message }) => message.seq === 50);
    const inOrder = texts.map((text, n) => `${n + 1} ${text}`);
    expect(answered).toEqual(inOrder);
    const event = eventsOf(peer, 'message:created').map(({ payload: { message } }) => `${message.seq} ${message.text}`);
    expect(event).toEqual(inOrder);
  });

  it('of a shutdown go to everyone', async () => {
    const stopping = await startTestServer();
    const socket = await connectAs(stopping, await makeUser(stopping));
    const [received] = await Promise.all([nextEvent(socket, 'server:stopping'), stopping.stop()]);
    expect(received.retryAfterMs).toBeGreaterThan(0);
  });
});
