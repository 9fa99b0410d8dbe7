import { describe, expect, it } from 'vitest';
import { login, refresh } from '../support/auth.js';
import { api, as } from '../support/client.js';
import { anotherDevice, makeUser } from '../support/factories.js';
import { expectLimited } from '../support/limited.js';
import { startTestServer } from '../support/server.js';

describe('guessing passwords', () => {
  it('requirement 6: is limited per address, regardless of forwarding headers, across a restart', async () => {
    const first = await startTestServer({ RATE_LIMIT_FACTOR: '1' });
    const user = await makeUser(first);
    const statuses: number[] = [];
    for (let guess = 0; guess < 40; guess++) {
      const from = { 'x-forwarded-for': `203.0.113.${guess}` };
      const answer = await login(first, `nobody${guess}`, 'a wrong password', from);
      statuses.push(answer.status);
      if (answer.status === 429) expectLimited(answer);
    }
    expect(statuses.slice(0, 29)).toEqual(Array.from({ length: 29 }, () => 401));
    expect(statuses.slice(31)).toEqual(Array.from({ length: 9 }, () => 429));
    const again = await startTestServer({ RATE_LIMIT_FACTOR: '1', MONGODB_URI: first.uri, SECRET_KEY: 'k'.repeat(40) });
    expectLimited(await login(again, user.username, user.password));
    expectLimited(await api(again).post('/api/auth/forgot-password', { email: user.email }));
    const refreshed = await refresh(first, user.tokens.refreshToken);
    expect(refreshed.status).toBe(200);
    expect((await api(first).as({ tokens: refreshed.body }).get('/api/users/me')).status).toBe(200);
  });

  it('requirement 6: counts wrong passwords per account, on every endpoint and across a restart', async () => {
    const settings = { RATE_LIMIT_FACTOR: '2', TRUST_PROXY: '1', SECRET_KEY: 'k'.repeat(40) };
    const server = await startTestServer(settings);
    const user = await makeUser(server);
    const device = await anotherDevice(server, user);
    const from = (guess: number): Record<string, string> => ({ 'x-forwarded-for': `203.0.113.${guess}` });
    const guesses = await Promise.all(
      Array.from({ length: 36 }, (_, at) =>
        login(server, at % 2 ? user.email : user.username, 'a wrong password', from(at)),
      ),
    );
    expect(guesses.map((answer) => answer.status)).toEqual(Array.from({ length: 36 }, () => 401));
    expect((await login(server, user.username, user.password, from(90))).status).toBe(200);
    for (let guess = 0; guess < 4; guess++) {
      const change = await as(device).post('/api/auth/change-password', {
        currentPassword: 'a wrong password',
        newPassword: 'a password that is new',
      });
      expect(change.code).toBe('wrong_password');
    }
    const limited = await login(server, user.username, user.password, from(91));
    expectLimited(limited);
    expect(limited.problem.retryAfterMs).toBeLessThanOrEqual(15 * 60_000);
    const restarted = await startTestServer({ ...settings, MONGODB_URI: server.uri });
    expectLimited(await login(restarted, user.email, user.password, from(92)));
    expect((await api(restarted).as(device).get('/api/users/me')).status).toBe(200);
  });

  it('requirement 4: a nonexistent account is limited like an existing one', async () => {
    const server = await startTestServer({ RATE_LIMIT_FACTOR: '1', TRUST_PROXY: '1' });
    for (let guess = 0; guess < 20; guess++) {
      const answer = await login(server, 'nobody.at.all', 'a wrong password', {
        'x-forwarded-for': `203.0.113.${guess}`,
      });
      expect(answer.status).toBe(401);
    }
    expectLimited(await login(server, 'Nobody.at.all', 'a wrong password', { 'x-forwarded-for': '203.0.113.99' }));
  });

  it('requirement 3: hashing has a bounded queue', async () => {
    const server = await startTestServer({ RATE_LIMIT_FACTOR: '100' });
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, at) => login(server, `nobody${at}`, 'a wrong password')),
    );
    const statuses = new Set(answers.map((answer) => answer.status));
    expect([...statuses].sort()).toEqual([401, 503]);
    const refused = answers.find((answer) => answer.status === 503);
    expect(refused?.code).toBe('unavailable');
    expect(refused?.problem.retryAfterMs).toBeGreaterThan(0);
    const user = await makeUser(server);
    expect((await login(server, user.username, user.password)).status).toBe(200);
  });
});
