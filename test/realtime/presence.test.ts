/** Presence, as visible to the viewer, over both transports and across several devices. */
import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { anotherDevice, makeUsers, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent } from '../support/sockets.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const profileOf = async (viewer: TestUser, { id }: TestUser) =>
  (await as(viewer).get(`/api/users/${id}`)).body.presence;

describe('requirement 58: presence', () => {
  it('is published to watchers: online at once, offline soon after the last socket closes, never in between', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const watcher = await connectAs(server, bob);
    const first = await ask(watcher, 'presence:watch', { userIds: [ada.id] });
    expect(first.data).toEqual({ items: [{ userId: ada.id, online: false, lastSeenAt: null }] });

    const laptop = await connectAs(server, ada);
    const phone = await connectAs(server, await anotherDevice(server, ada));
    expect(await nextEvent(watcher, 'presence:updated')).toEqual({ userId: ada.id, online: true, lastSeenAt: null });
    laptop.disconnect();
    phone.disconnect();
    const back = await connectAs(server, ada);
    expect(await profileOf(bob, ada)).toEqual({ online: true, lastSeenAt: null });
    const wentAt = Date.now();
    back.disconnect();
    const gone = await nextEvent(watcher, 'presence:updated', ({ online }) => !online, 15_000);
    expect(Date.now() - wentAt).toBeLessThan(15_000);
    expect(Math.abs(Date.parse(gone.lastSeenAt!) - wentAt)).toBeLessThan(3_000);
    expect(await profileOf(bob, ada)).toEqual({ online: false, lastSeenAt: gone.lastSeenAt });
    // Reconnecting within the grace period was not published.
    expect(eventsOf(watcher, 'presence:updated').map(({ payload }) => payload.online)).toEqual([true, false]);
  });

  it('subscriptions end with the next set and with the socket', async () => {
    const [ada, eve, bob] = await makeUsers(server, 3);
    const watcher = await connectAs(server, bob);
    await ask(watcher, 'presence:watch', { userIds: [ada.id] });
    const now = await ask(watcher, 'presence:watch', { userIds: [eve.id, eve.id, 'f'.repeat(24)] });
    expect(now.data!.items).toEqual([
      { userId: eve.id, online: false, lastSeenAt: null },
      { userId: 'f'.repeat(24), online: false, lastSeenAt: null },
    ]);
    const other = await connectAs(server, await anotherDevice(server, bob));
    await connectAs(server, ada);
    await connectAs(server, eve);
    await nextEvent(watcher, 'presence:updated', ({ userId }) => userId === eve.id);
    expect(eventsOf(watcher, 'presence:updated').map(({ payload }) => payload.userId)).toEqual([eve.id]);
    expect(eventsOf(other, 'presence:updated')).toEqual([]);
    const emptied = await ask(watcher, 'presence:watch', { userIds: [] });
    expect(emptied.data).toEqual({ items: [] });
  });

  it('subscriptions to more than 200 users are rejected, and the previous set stays', async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const watcher = await connectAs(server, bob);
    await ask(watcher, 'presence:watch', { userIds: [ada.id] });
    const ids = Array.from({ length: 201 }, (_, at) => at.toString(16).padStart(24, '0'));
    expect((await ask(watcher, 'presence:watch', { userIds: ids })).error).toMatchObject({ code: 'invalid_input' });
    expect((await ask(watcher, 'presence:watch', { userIds: ids.slice(1) })).data!.items).toHaveLength(200);
    await ask(watcher, 'presence:watch', { userIds: [ada.id] });
    await connectAs(server, ada);
    await nextEvent(watcher, 'presence:updated', ({ userId, online }) => userId === ada.id && online);
  });
});
