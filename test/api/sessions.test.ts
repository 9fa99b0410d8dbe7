import { beforeAll, describe, expect, it } from 'vitest';
import { as, withoutRequestId } from '../support/client.js';
import { anotherDevice, makeUser, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const sessionsOf = async (user: TestUser) => (await as(user).get('/api/users/sessions')).body.items;

describe('devices', () => {
  it('requirement 18: are listed with their details, and no token', async () => {
    const phone = await makeUser(server, { deviceName: 'phone' });
    const laptop = await anotherDevice(server, phone, 'laptop');
    const items = await sessionsOf(laptop);
    expect(items.map((item) => item.deviceName).sort()).toEqual(['laptop', 'phone']);
    expect(items.filter((item) => item.current).map((item) => item.id)).toEqual([laptop.session.id]);
    for (const item of items) {
      expect(Object.keys(item).sort()).toEqual(
        ['createdAt', 'current', 'deviceName', 'id', 'ip', 'lastUsedAt', 'platform'].sort(),
      );
    }
    const nameless = await makeUser(server);
    expect((await sessionsOf(nameless))[0]!.deviceName).toBeNull();
  });

  it('requirement 14: logging out ends this session at once and no other', async () => {
    const phone = await makeUser(server);
    const laptop = await anotherDevice(server, phone);
    expect((await as(phone).post('/api/auth/logout')).status).toBe(204);
    expect((await as(phone).get('/api/users/me')).code).toBe('session_revoked');
    expect((await sessionsOf(laptop)).map((item) => item.id)).toEqual([laptop.session.id]);
  });

  it('requirement 15: can be signed out one by one, or all others at once', async () => {
    const phone = await makeUser(server);
    const laptop = await anotherDevice(server, phone);
    const tablet = await anotherDevice(server, phone);
    expect((await as(phone).delete(`/api/users/sessions/${laptop.session.id}`)).status).toBe(204);
    expect((await as(laptop).get('/api/users/me')).status).toBe(401);
    expect((await as(phone).delete(`/api/users/sessions/${laptop.session.id}`)).status).toBe(404);
    expect((await as(phone).delete('/api/users/sessions')).status).toBe(204);
    expect((await as(tablet).get('/api/users/me')).status).toBe(401);
    expect((await as(phone).get('/api/users/me')).status).toBe(200);
    expect((await as(phone).delete('/api/users/sessions')).status).toBe(204);
    expect((await as(phone).delete(`/api/users/sessions/${phone.session.id}`)).status).toBe(204);
    expect((await as(phone).get('/api/users/me')).status).toBe(401);
  });

  it('requirement 18: of other users are not found', async () => {
    const owner = await makeUser(server);
    const stranger = await makeUser(server);
    const theirs = await as(stranger).delete(`/api/users/sessions/${owner.session.id}`);
    const nobodys = await as(stranger).delete(`/api/users/sessions/${'0'.repeat(24)}`);
    expect(theirs.status).toBe(404);
    expect(withoutRequestId(theirs)).toBe(withoutRequestId(nobodys));
    expect((await as(stranger).delete('/api/users/sessions/not-an-id')).code).toBe('invalid_input');
    expect((await as(owner).get('/api/users/me')).status).toBe(200);
  });

  it('requirement 18: are at most 20: the 21st signs out the least recently used one', async () => {
    const first = await makeUser(server);
    const second = await anotherDevice(server, first);
    for (let device = 3; device <= 20; device++) await anotherDevice(server, first);
    expect((await sessionsOf(first)).length).toBe(20);
    const last = await anotherDevice(server, first);
    expect((await sessionsOf(last)).length).toBe(20);
    expect((await as(first).get('/api/users/me')).status).toBe(200);
    expect((await as(second).get('/api/users/me')).code).toBe('session_revoked');
  });
});
