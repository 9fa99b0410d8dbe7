import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { refresh } from '../support/auth.js';
import { api, as, type Target } from '../support/client.js';
import { anotherDevice, makeUser, type TestUser } from '../support/factories.js';
import { dumpOf } from '../support/rows.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_FACTOR: '0' });
});

async function rotated(token: string, at: Target = server): Promise<string> {
  const answer = await refresh(at, token);
  expect(answer.status).toBe(200);
  return answer.body.refreshToken;
}

/** Backdates the last rotation. */
async function age(user: TestUser, seconds: number): Promise<void> {
  const sessions = server.database.collection('sessions');
  const { _id, rotatedAt } = (await sessions.find().toArray()).find((row) => String(row._id) === user.session.id)!;
  await sessions.updateOne({ _id }, { $set: { rotatedAt: new Date(rotatedAt.getTime() - seconds * 1000) } });
}

describe('refreshing', () => {
  it('requirement 11: each use returns a new token and retires the old one; none is stored in plain text', async () => {
    const user = await makeUser(server);
    const tokens = [user.tokens.refreshToken];
    for (let turn = 0; turn < 5; turn++) tokens.push(await rotated(tokens.at(-1) ?? ''));
    expect(new Set(tokens).size).toBe(6);
    for (const token of tokens) expect(Buffer.from(token, 'base64url').length).toBeGreaterThanOrEqual(32);
    for (const rows of (await dumpOf(server.database)).values())
      for (const token of [...tokens, user.tokens.accessToken, user.password]) expect(rows).not.toContain(token);
    for (const token of tokens.slice(0, 4)) expect((await refresh(server, token)).status).toBe(401);
  });

  it('requirement 12: a retired token ends its session and no other', async () => {
    const user = await makeUser(server);
    const other = await anotherDevice(server, user);
    const second = await refresh(server, user.tokens.refreshToken);
    const third = await refresh(server, second.body.refreshToken);
    const stolen = await refresh(server, user.tokens.refreshToken);
    expect([stolen.status, stolen.code]).toEqual([401, 'refresh_token_reused']);
    expect((await refresh(server, third.body.refreshToken)).code).toBe('refresh_token_invalid');
    const me = await api(server).as({ tokens: third.body }).get('/api/users/me');
    expect([me.status, me.code]).toEqual([401, 'session_revoked']);
    expect((await as(other).get('/api/users/me')).status).toBe(200);
    expect((await refresh(server, other.tokens.refreshToken)).status).toBe(200);
    const received = server.log.lines().filter((line) => line['security'] === 'refresh_token_reused');
    expect(received.map((line) => line['sessionId'])).toContain(user.session.id);
  });

  it('requirement 12: an old token is recognized, however many came after it', async () => {
    const user = await makeUser(server);
    let token = user.tokens.refreshToken;
    for (let turn = 0; turn < 30; turn++) token = await rotated(token);
    expect((await refresh(server, user.tokens.refreshToken)).code).toBe('refresh_token_reused');
  });

  it('requirement 13: 20 parallel refreshes with one token all get the same successor', async () => {
    const user = await makeUser(server);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(server, user.tokens.refreshToken)));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1);
    const { body } = await as(user).get('/api/users/sessions');
    expect(body.items.length).toBe(1);
    const row = await server.database
      .collection('sessions')
      .findOne({ counter: 1, endedAt: null, userId: { $ne: null } });
    expect(row).not.toBeNull();
  });

  it('requirement 13: a lost response can be requested again until the successor is used', async () => {
    const user = await makeUser(server);
    const successor = await rotated(user.tokens.refreshToken);
    await age(user, 25);
    expect(await rotated(user.tokens.refreshToken)).toBe(successor);
    await rotated(successor);
    expect((await refresh(server, user.tokens.refreshToken)).code).toBe('refresh_token_reused');
  });

  it('requirement 13: a lost response can be requested again for 30 seconds only', async () => {
    const user = await makeUser(server);
    const successor = await rotated(user.tokens.refreshToken);
    await age(user, 31);
    expect((await refresh(server, user.tokens.refreshToken)).code).toBe('refresh_token_reused');
    expect((await refresh(server, successor)).code).toBe('refresh_token_invalid');
  });

  it('rejects any other string', async () => {
    const user = await makeUser(server);
    const { refreshToken, accessToken } = user.tokens;
    const last = refreshToken.at(-1) === 'A' ? 'B' : 'A';
    const wrong = ['', 'x', accessToken, `${refreshToken}=`, `${refreshToken}A`, refreshToken.slice(0, -1) + last];
    for (const token of wrong) {
      const answer = await refresh(server, token);
      expect([answer.status, answer.code], token).toEqual([401, 'refresh_token_invalid']);
    }
    for (const token of [null, 7, ['x'], { $ne: null }]) {
      const answer = await api(server).post('/api/auth/refresh', { refreshToken: token });
      expect([answer.status, answer.code]).toEqual([400, 'invalid_input']);
    }
    expect((await refresh(server, refreshToken)).status).toBe(200);
  });

  it('ends with the session', async () => {
    const user = await makeUser(server);
    await as(user).post('/api/auth/logout');
    expect((await refresh(server, user.tokens.refreshToken)).code).toBe('refresh_token_invalid');
  });
});

describe('lifetimes', () => {
  it('requirement 20: a session that is not refreshed in time ends', async () => {
    const brief = await startTestServer({ REFRESH_TOKEN_TTL: '1s', ACCESS_TOKEN_TTL: '1s', RATE_LIMIT_FACTOR: '0' });
    const user = await makeUser(brief);
    const kept = await anotherDevice(brief, user);
    const until = Date.parse(user.tokens.refreshTokenExpiresAt);
    const next = await rotated(kept.tokens.refreshToken, brief);
    await wait(Math.max(0, until - Date.now()) + 20);
    expect((await refresh(brief, user.tokens.refreshToken)).code).toBe('refresh_token_invalid');
    expect(next).not.toBe(kept.tokens.refreshToken);
  });

  it('requirement 20: refreshing cannot extend a session beyond SESSION_MAX_AGE', async () => {
    const brief = await startTestServer({ SESSION_MAX_AGE: '3s', RATE_LIMIT_FACTOR: '0' });
    let { tokens } = await makeUser(brief);
    const began = Date.now();
    for (;;) {
      const end = began + 3000;
      expect(Date.parse(tokens.refreshTokenExpiresAt)).toBeLessThanOrEqual(end);
      expect(Date.parse(tokens.accessTokenExpiresAt)).toBeLessThanOrEqual(end);
      await wait(200);
      const answer = await refresh(brief, tokens.refreshToken);
      if (answer.status !== 200) {
        expect([answer.status, answer.code]).toEqual([401, 'refresh_token_invalid']);
        break;
      }
      tokens = answer.body;
      expect(Date.now()).toBeLessThan(began + 9_000);
    }
    const me = await api(brief).as({ tokens }).get('/api/users/me');
    expect([me.status, me.code]).toEqual([401, 'token_expired']);
  });
});
