import { request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { login } from '../support/auth.js';
import { api, as } from '../support/client.js';
import { anotherDevice, makeUser, type TestUser } from '../support/factories.js';
import { mailsTo, nthMail } from '../support/mails.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { medianSpread } from '../support/timing.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_FACTOR: '0' });
});

const password = 'a password that is new';

async function statusOf(user: TestUser): Promise<number> {
  return (await as(user).get('/api/users/me')).status;
}

async function resetToken(user: TestUser, mailNumber = 2): Promise<string> {
  await api(server).post('/api/auth/forgot-password', { email: user.email });
  return (await nthMail(server, user.email, mailNumber)).token ?? '';
}

function reset(token: string, chosen = password) {
  return api(server).post('/api/auth/reset-password', { token, password: chosen });
}

async function rowOf(user: TestUser) {
  return server.database.collection('users').findOne({ username: user.username });
}

describe('a forgotten password', () => {
  it('requirement 21: is reset with a link, which ends every session', async () => {
    const user = await makeUser(server);
    const other = await anotherDevice(server, user);
    expect((await reset(await resetToken(user))).status).toBe(204);
    expect([await statusOf(user), await statusOf(other)]).toEqual([401, 401]);
    expect((await login(server, user.username, user.password)).status).toBe(401);
    expect(await statusOf(await anotherDevice(server, { ...user, password }))).toBe(200);
  });

  it('requirement 21: one of 20 parallel uses of a link succeeds', async () => {
    const user = await makeUser(server);
    const token = await resetToken(user);
    const answers = await Promise.all(Array.from({ length: 20 }, () => reset(token)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([204, ...Array.from({ length: 19 }, () => 400)]);
  });

  it('requirement 21: a newer link voids the older one, which is then invalid_input', async () => {
    const user = await makeUser(server);
    const first = await resetToken(user, 2);
    const second = await resetToken(user, 3);
    const dead = await reset(first);
    expect([dead.status, dead.code]).toEqual([400, 'invalid_input']);
    expect((await reset('unknown')).code).toBe('invalid_input');
    expect((await reset(second, 'short')).code).toBe('weak_password');
    expect((await reset(second)).status).toBe(204);
    expect((await reset(second)).code).toBe('invalid_input');
  });

  it('requirement 21: the link expires after one hour', async () => {
    const user = await makeUser(server);
    const token = await resetToken(user);
    const { resetLink } = (await rowOf(user))!;
    expect(resetLink.expiresAt - resetLink.madeAt).toBe(3_600_000);
    const past = new Date(Date.now() - 1);
    await server.database
      .collection('users')
      .updateOne({ username: user.username }, { $set: { 'resetLink.expiresAt': past } });
    expect((await reset(token)).code).toBe('invalid_input');
  });

  it('requirement 21: neither the response nor its timing reveals whether an account exists', async () => {
    const user = await makeUser(server);
    const askFor = async (email: string): Promise<void> => {
      const answer = await api(server).post('/api/auth/forgot-password', { email });
      expect([answer.status, answer.text]).toEqual([202, '{}']);
    };
    const requests = [() => askFor(user.email), (round: number) => askFor(`nobody${round}@example.test`)];
    expect(await medianSpread({ requests, rounds: 60, bound: 0.15 })).toBeLessThan(0.15);
  });

  it("requirement 21: the link is built from PUBLIC_URL, not from the request's Host header", async () => {
    const known = await startTestServer({ PUBLIC_URL: 'https://chat.example.test/base', RATE_LIMIT_FACTOR: '0' });
    const user = await makeUser(known);
    await new Promise<void>((resolve, reject) => {
      const headers = { host: 'evil.test', 'x-forwarded-host': 'evil.test', 'content-type': 'application/json' };
      const asked = request(`${known.url}/api/auth/forgot-password`, { method: 'POST', headers }, (answer) => {
        answer.resume().on('end', resolve);
      });
      asked.on('error', reject).end(JSON.stringify({ email: user.email }));
    });
    const mail = await nthMail(known, user.email, 2);
    expect(mail.raw).not.toContain('evil');
    expect(mail.link?.href).toMatch(/^https:\/\/chat\.example\.test\/base\/reset-password\?token=/);
    expect([...(mail.link?.searchParams.keys() ?? [])]).toEqual(['token']);
  });

  it('sends nothing to an unknown address', async () => {
    const user = await makeUser(server);
    await api(server).post('/api/auth/forgot-password', { email: `not-${user.email}` });
    await resetToken(user);
    expect(mailsTo(server, `not-${user.email}`)).toEqual([]);
    expect(await server.database.collection('jobs').countDocuments({ 'data.to': `not-${user.email}` })).toBe(0);
  });
});

describe('a new password', () => {
  it('requirement 19: requires the old one and ends the other sessions', async () => {
    const user = await makeUser(server);
    const other = await anotherDevice(server, user);
    const wrong = await as(user).post('/api/auth/change-password', {
      currentPassword: 'not that one',
      newPassword: password,
    });
    expect([wrong.status, wrong.code]).toEqual([403, 'wrong_password']);
    expect(await statusOf(other)).toBe(200);
    const right = await as(user).post('/api/auth/change-password', {
      currentPassword: user.password,
      newPassword: password,
    });
    expect(right.status).toBe(204);
    expect([await statusOf(user), await statusOf(other)]).toEqual([200, 401]);
    await anotherDevice(server, { ...user, password });
  });
});

describe('a new address', () => {
  function change(user: TestUser, email: string, own = user.password) {
    return as(user).post('/api/auth/change-email', { password: own, email });
  }

  it('requirement 19: requires the password and takes effect when its link is used', async () => {
    const user = await makeUser(server);
    await nthMail(server, user.email, 1);
    const email = `New.${user.email}`;
    expect((await change(user, email, 'not that one')).code).toBe('wrong_password');
    expect((await change(user, email)).status).toBe(202);
    const link = await nthMail(server, email);
    const notice = await nthMail(server, user.email, 2);
    expect([notice.link, notice.token]).toEqual([null, null]);
    expect((await as(user).get('/api/users/me')).body.email).toBe(user.email);
    expect((await api(server).post('/api/auth/verify-email', { token: link.token })).status).toBe(204);
    expect((await as(user).get('/api/users/me')).body).toMatchObject({ email, emailVerified: true });
    expect((await api(server).post('/api/auth/verify-email', { token: link.token })).code).toBe('invalid_input');
    await anotherDevice(server, { ...user, username: email });
  });

  it('is rejected if taken, both when requested and when the link is used', async () => {
    const user = await makeUser(server);
    const holder = await makeUser(server);
    const taken = await change(user, holder.email.toUpperCase());
    expect([taken.status, taken.code]).toEqual([409, 'email_taken']);
    const email = `late-${user.email}`;
    await change(user, email);
    const { token } = await nthMail(server, email);
    await makeUser(server, { email });
    const late = await api(server).post('/api/auth/verify-email', { token });
    expect([late.status, late.code]).toEqual([409, 'email_taken']);
  });

  it('requirement 21: can be verified for 24 hours, with the newest link only', async () => {
    const user = await makeUser(server);
    const first = await nthMail(server, user.email, 1);
    expect((await as(user).post('/api/auth/resend-verification')).status).toBe(202);
    const second = await nthMail(server, user.email, 2);
    expect((await api(server).post('/api/auth/verify-email', { token: first.token })).code).toBe('invalid_input');
    const { verifyLink } = (await rowOf(user))!;
    expect(verifyLink.expiresAt - verifyLink.madeAt).toBe(24 * 3_600_000);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api(server).post('/api/auth/verify-email', { token: second.token })),
    );
    expect(answers.filter((answer) => answer.status === 204).length).toBe(1);
    await as(user).post('/api/auth/resend-verification');
    await resetToken(user, 3);
    expect(mailsTo(server, user.email).length).toBe(3);
  });
});
