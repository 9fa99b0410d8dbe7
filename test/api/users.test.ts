import { beforeAll, describe, expect, it } from 'vitest';
import { api, as } from '../support/client.js';
import { makeUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

describe("the caller's profile", () => {
  it('is partially updated and returned in its new state', async () => {
    const user = await makeUser(server);
    const change = { displayName: 'Ana María 🦑', bio: 'line one\nline two' };
    const answer = await as(user).put('/api/users/profile', change);
    expect([answer.status, answer.body.username]).toEqual([200, user.username]);
    expect(answer.body).toMatchObject(change);
    expect((await as(user).get('/api/users/me')).body).toEqual(answer.body);
    const unchanged = await as(user).put('/api/users/profile', {});
    expect(unchanged.body).toEqual(answer.body);
    const renamed = await as(user).put('/api/users/profile', { username: `X_${user.username}` });
    expect(renamed.body.username).toBe(`x_${user.username}`);
  });

  it('rejects invalid and taken values', async () => {
    const user = await makeUser(server);
    const other = await makeUser(server);
    const taken = await as(user).put('/api/users/profile', { username: other.username.toUpperCase() });
    expect([taken.status, taken.code]).toEqual([409, 'username_taken']);
    const wrong = [
      { displayName: '' },
      { displayName: '   ' },
      { displayName: 'x'.repeat(65) },
      { displayName: 'bidi \u202e override' },
      { displayName: '\u200b' },
      { bio: 'x'.repeat(501) },
      { bio: 'a NUL \u0000' },
      { bio: null },
      { username: 'no' },
      { username: 'spaced out' },
    ];
    for (const change of wrong) {
      const answer = await as(user).put('/api/users/profile', change);
      expect([answer.status, answer.code], JSON.stringify(change)).toEqual([400, 'invalid_input']);
      expect(answer.problem.errors![0]!.path).toBe(`body.${Object.keys(change)[0]}`);
    }
    expect((await as(user).put('/api/users/profile', { displayName: '👩‍👩‍👧'.repeat(2) })).status).toBe(200);
  });

  it("rejects an avatar that is not the caller's upload", async () => {
    const user = await makeUser(server);
    const refused = await as(user).put('/api/users/avatar', { uploadId: user.id });
    expect([refused.status, refused.code]).toEqual([404, 'not_found']);
    for (const _ of [1, 2]) {
      const { status, body } = await as(user).delete('/api/users/avatar');
      expect([status, body.avatar]).toEqual([200, null]);
    }
  });

  it('requirement 33: cannot set other fields', async () => {
    const user = await makeUser(server);
    const keys = ['email', 'emailVerified', 'passwordHash', 'state', 'role', '_id', 'createdAt', 'privacy', '$set'];
    for (const key of keys) {
      const answer = await as(user).put('/api/users/profile', { bio: 'x', [key]: 'y' });
      expect([answer.status, answer.code], key).toEqual([400, 'invalid_input']);
    }
    expect((await as(user).get('/api/users/me')).body).toMatchObject({ bio: '', email: user.email });
  });

  it('is published as a domain event', async () => {
    const user = await makeUser(server);
    const received: unknown[] = [];
    server.context.bus.subscribe('user.updated', (fact) => void received.push(fact));
    await as(user).put('/api/users/profile', { displayName: 'Told' });
    expect(received).toEqual([
      {
        cannotSeeIds: [],
        user: {
          id: user.id,
          username: user.username,
          displayName: 'Told',
          avatar: null,
          deleted: false,
          bio: '',
          status: null,
        },
      },
    ]);
  });
});

describe("another user's profile", () => {
  it('is visible to every signed-in user', async () => {
    const user = await makeUser(server, { displayName: 'Somebody' });
    const viewer = await makeUser(server);
    const answer = await as(viewer).get(`/api/users/${user.id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id: user.id,
      username: user.username,
      displayName: 'Somebody',
      avatar: null,
      deleted: false,
      bio: '',
      status: null,
      presence: { online: false, lastSeenAt: null },
    });
    expect((await api(server).get(`/api/users/${user.id}`)).code).toBe('unauthenticated');
    expect((await as(viewer).get(`/api/users/${'0'.repeat(24)}`)).code).toBe('not_found');
    expect((await as(viewer).get('/api/users/nobody')).code).toBe('invalid_input');
  });
});
