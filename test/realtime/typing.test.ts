/** Typing: complete lists, at most once a second, to the other members only, that expire. */
import type { Socket } from 'socket.io-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { anotherDevice, makeDirect, makeUser, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent, nextMessage } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

interface Chat {
  id: string;
  ada: TestUser;
  bob: TestUser;
  writer: Socket;
  reader: Socket;
}

async function makeChat(): Promise<Chat> {
  const [ada, bob] = await makeUsers(server, 2);
  const { id } = await makeDirect(server, ada, bob);
  await sendText(server, ada, id, 'hello');
  return { id, ada, bob, writer: await connectAs(server, ada), reader: await connectAs(server, bob) };
}

const lists = (socket: Socket): string[][] =>
  eventsOf(socket, 'typing:updated').map(({ payload }) => payload.userIds as string[]);

describe('requirement 60: typing', () => {
  it('is published to the other member only, and ends when they stop', async () => {
    const { id, ada, bob, writer, reader } = await makeChat();
    const ownOther = await connectAs(server, await anotherDevice(server, ada));
    const stranger = await connectAs(server, await makeUser(server));
    expect(await ask(writer, 'typing:start', { conversationId: id })).toEqual({ ok: true, data: null });
    expect(await nextEvent(reader, 'typing:updated')).toEqual({ conversationId: id, userIds: [ada.id] });
    expect(await ask(writer, 'typing:stop', { conversationId: id })).toEqual({ ok: true, data: null });
    expect(await nextEvent(reader, 'typing:updated')).toEqual({ conversationId: id, userIds: [] });
    // Both at once: each sees the other.
    await ask(reader, 'typing:start', { conversationId: id });
    await ask(writer, 'typing:start', { conversationId: id });
    expect(await nextEvent(writer, 'typing:updated')).toEqual({ conversationId: id, userIds: [bob.id] });
    await nextEvent(reader, 'typing:updated', ({ userIds }) => userIds.includes(ada.id));
    expect(lists(writer).flat()).not.toContain(ada.id);
    expect(lists(reader).flat()).not.toContain(bob.id);
    expect(lists(ownOther).flat()).not.toContain(ada.id);
    expect(lists(stranger)).toEqual([]);
  });

  it('is rejected for non-members, and nobody receives it', async () => {
    const { id, ada, writer, reader } = await makeChat();
    const outsider = await connectAs(server, await makeUser(server));
    for (const event of ['typing:start', 'typing:stop']) {
      const refused = await ask(outsider, event, { conversationId: id });
      const unknown = await ask(outsider, event, { conversationId: 'f'.repeat(24) });
      expect(refused.error).toMatchObject({ code: 'not_found', status: 404 });
      expect({ ...refused.error, requestId: '' }).toEqual({ ...unknown.error, requestId: '' });
    }
    await ask(writer, 'typing:start', { conversationId: id });
    await nextEvent(reader, 'typing:updated');
    expect(lists(reader)).toEqual([[ada.id]]);
  });

  it('is published at most once a second, however often it changes, and the last list is right', async () => {
    const { id, ada, writer, reader } = await makeChat();
    const began = performance.now();
    for (const event of ['start', 'stop', 'start', 'stop', 'start']) {
      await ask(writer, `typing:${event}`, { conversationId: id });
    }
    await nextEvent(reader, 'typing:updated');
    // The list after the pause was published already, so only the end is published again.
    await ask(writer, 'typing:stop', { conversationId: id });
    await nextEvent(reader, 'typing:updated', ({ userIds }) => userIds.length === 0);
    const seconds = (performance.now() - began) / 1000;
    expect(lists(reader).at(0)).toEqual([ada.id]);
    expect(lists(reader).at(-1)).toEqual([]);
    expect(lists(reader).length).toBeLessThanOrEqual(Math.floor(seconds) + 1);
  });

  it('expires after six seconds', async () => {
    const { id, ada, writer, reader } = await makeChat();
    const began = performance.now();
    await ask(writer, 'typing:start', { conversationId: id });
    await nextEvent(reader, 'typing:updated', ({ userIds }) => userIds.includes(ada.id));
    await nextEvent(reader, 'typing:updated', ({ userIds }) => userIds.length === 0, 18_000);
    expect(performance.now() - began).toBeGreaterThan(5_500);
    expect(lists(reader)).toEqual([[ada.id], []]);
  });

  it('ends with its socket, unless another device of the user is still typing', async () => {
    const { id, ada, writer, reader } = await makeChat();
    const phone = await connectAs(server, await anotherDevice(server, ada));
    const began = performance.now();
    await ask(writer, 'typing:start', { conversationId: id });
    await ask(phone, 'typing:start', { conversationId: id });
    await nextEvent(reader, 'typing:updated', ({ userIds }) => userIds.includes(ada.id));
    writer.disconnect();
    await ask(phone, 'typing:start', { conversationId: id });
    phone.io.engine.close();
    await nextEvent(reader, 'typing:updated', ({ userIds }) => userIds.length === 0);
    expect(performance.now() - began).toBeLessThan(5_500);
    expect(lists(reader)).toEqual([[ada.id], []]);
  });

  it('ends when the message is sent, over either transport', async () => {
    const { id, ada, writer, reader } = await makeChat();
    for (const send of [
      () => ask(writer, 'message:send', { conversationId: id, clientId: 'typed', text: 'done' }),
      () => sendText(server, ada, id, 'done, too'),
    ]) {
      await ask(writer, 'typing:start', { conversationId: id });
      await nextEvent(reader, 'typing:updated', ({ userIds }) => userIds.includes(ada.id));
      const began = performance.now();
      await send();
      await nextEvent(reader, 'typing:updated', ({ userIds }) => userIds.length === 0);
      expect(performance.now() - began).toBeLessThan(3_000);
    }
  });

  it('is published to nobody in saved messages, and leaves nothing for a later connection', async () => {
    const { id, ada, writer, bob } = await makeChat();
    const saved = await makeDirect(server, ada, ada);
    expect(await ask(writer, 'typing:start', { conversationId: saved.id })).toEqual({ ok: true, data: null });
    await ask(writer, 'typing:start', { conversationId: id });
    const late = await connectAs(server, bob);
    const marker = await sendText(server, ada, id, 'a marker');
    await nextMessage(late, marker.id);
    await nextEvent(late, 'typing:updated', ({ userIds }) => userIds.length === 0);
    expect(lists(late)).toEqual([[]]);
    expect(lists(writer)).toEqual([]);
  });
});
