import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCommonPasswords } from '../../src/features/auth/common-passwords.js';
import { login } from '../support/auth.js';
import { api, as, withoutRequestId } from '../support/client.js';
import { anotherDevice, makeUser } from '../support/factories.js';
import { nthMail } from '../support/mails.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { medianSpread } from '../support/timing.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_FACTOR: '0' });
});

const suffix = (): string => randomBytes(5).toString('hex');
const newcomer = (password = 'plenty of cold herring') => {
  const username = `u${suffix()}`;
  return { username, email: `${username}@example.test`, password };
};

describe('signing up', () => {
  it('returns tokens, the account and the session, and sends a mail with a link', async () => {
    const account = newcomer();
    const answer = await api(server).post(
      '/api/auth/register',
      { ...account, username: account.username.toUpperCase(), deviceName: 'my phone' },
      { headers: { 'user-agent': 'Mozilla/5.0 (Linux; Android 15)', 'accept-language': 'fr' } },
    );
    expect(answer.status).toBe(201);
    expect(answer.body.user).toMatchObject({
      username: account.username,
      displayName: account.username,
      email: account.email,
      emailVerified: false,
      bio: '',
      avatar: null,
      status: null,
      privacy: {
        lastSeen: 'everyone',
        readReceipts: true,
        directMessages: 'everyone',
        groupInvites: 'everyone',
        findByEmail: false,
      },
    });
    expect(answer.body.session).toMatchObject({ deviceName: 'my phone', platform: 'Android', current: true });
    const mail = await nthMail(server, account.email);
    expect(mail.text).toContain('Bonjour');
    expect(mail.link?.origin).toBe(server.url);
    expect((await api(server).post('/api/auth/verify-email', { token: mail.token })).status).toBe(204);
    const me = await api(server).as({ tokens: answer.body }).get('/api/users/me');
    expect(me.body.emailVerified).toBe(true);
  });

  it('rejects invalid input and names the field', async () => {
    const fine = newcomer();
    const wrong: [string, Record<string, unknown>][] = [
      ['email', { email: 'nobody' }],
      ['email', { email: 7 }],
      ['username', { username: 'ab' }],
      ['username', { username: 'a'.repeat(33) }],
      ['username', { username: 'with space' }],
      ['displayName', { displayName: '' }],
      ['displayName', { displayName: 'x'.repeat(65) }],
      ['deviceName', { deviceName: '' }],
      ['password', { password: 'x'.repeat(257) }],
      ['password', { password: 1234567890 }],
      ['password', { password: 'with a NUL \u0000 in it' }],
    ];
    for (const [field, change] of wrong) {
      const answer = await api(server).post('/api/auth/register', { ...fine, ...change });
      expect([answer.status, answer.code, field], JSON.stringify(change)).toEqual([400, 'invalid_input', field]);
      expect(answer.problem.errors![0]!.path).toBe(`body.${field}`);
    }
    expect((await api(server).post('/api/auth/register', { ...fine, role: 'admin' })).status).toBe(400);
    expect((await api(server).post('/api/auth/register', fine)).status).toBe(201);
  });

  it('is rejected if registration is closed', async () => {
    const closed = await startTestServer({ REGISTRATION: 'closed' });
    const answer = await api(closed).post('/api/auth/register', newcomer());
    expect([answer.status, answer.code]).toEqual([403, 'forbidden']);
  });

  it('requirement 5: one of 50 parallel registrations of a name in different spellings succeeds', async () => {
    const account = newcomer();
    const spellings = Array.from({ length: 50 }, (_, at) => ({
      ...account,
      username: at % 2 ? account.username : account.username.toUpperCase(),
      email: at % 3 ? account.email : account.email.toUpperCase(),
    }));
    const answers = await Promise.all(spellings.map((body) => api(server).post('/api/auth/register', body)));
    const statuses = answers.map((answer) => answer.status).sort((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array.from({ length: 49 }, () => 409)]);
    expect(await server.database.collection('users').countDocuments({ username: account.username })).toBe(1);
  });

  it('requirement 5: look-alike names are rejected', async () => {
    const { username } = await makeUser(server);
    for (const twin of [`${username}\u200b`, username.replace('u', 'υ'), `${username}\u00a0`, 'аlice']) {
      const answer = await api(server).post('/api/auth/register', { ...newcomer(), username: twin });
      expect([answer.status, answer.code]).toEqual([400, 'invalid_input']);
    }
    const other = { ...newcomer(), username };
    expect((await api(server).post('/api/auth/register', other)).code).toBe('username_taken');
    const { email } = await makeUser(server);
    expect((await api(server).post('/api/auth/register', { ...newcomer(), email })).code).toBe('email_taken');
  });
});

describe('passwords', () => {
  it('requirement 1: the list has at least 10,000 common passwords that are long enough', async () => {
    const common = createCommonPasswords();
    expect(await common.size()).toBeGreaterThanOrEqual(10_000);
    expect(await common.has('QwertyUIOP')).toBe(true);
    expect(await common.has('plenty of cold herring')).toBe(false);
  });

  it('requirement 1: registration, change and reset treat every password alike', async () => {
    const user = await makeUser(server);
    const [local = ''] = user.email.split('@');
    const verdicts: [string, number, string | null][] = [
      ['', 400, 'weak_password'],
      ['short', 400, 'weak_password'],
      ['123456789', 400, 'weak_password'],
      ['é'.repeat(9), 400, 'weak_password'],
      ['e\u0301'.repeat(9), 400, 'weak_password'],
      ['1234567890', 400, 'weak_password'],
      ['qwertyuiop', 400, 'weak_password'],
      ['PASSWORD123', 400, 'weak_password'],
      ['ｐａｓｓｗｏｒｄ１２３', 400, 'weak_password'],
      ['iloveyou123', 400, 'weak_password'],
      [user.username, 400, 'weak_password'],
      [user.username.toUpperCase(), 400, 'weak_password'],
      [user.email, 400, 'weak_password'],
      [local, 400, 'weak_password'],
      ['x'.repeat(257), 400, 'invalid_input'],
      ['a lone \ud800 surrogate', 400, 'invalid_input'],
      ['with a \u0000 in it', 400, 'invalid_input'],
      ['only lower case letters', 0, null],
      ['          spaces at the ends          ', 0, null],
      ['пароль из многих слов', 0, null],
      ['🦑🐙🦀🦞🦐🐡🐠🐟🐬🐳', 0, null],
      ['x'.repeat(255) + 'y', 0, null],
      ['e\u0301'.repeat(256), 0, null],
    ];
    for (const [turn, [password, status, code]] of verdicts.entries()) {
      const forRegister = {
        ...newcomer(password),
        ...(password.toLowerCase().includes(local) ? { username: user.username, email: user.email } : {}),
      };
      const register = await api(server).post('/api/auth/register', forRegister);
      await api(server).post('/api/auth/forgot-password', { email: user.email });
      const { token } = await nthMail(server, user.email, 2 + turn);
      const reset = await api(server).post('/api/auth/reset-password', { token, password });
      const device = await anotherDevice(server, reset.status === 204 ? { ...user, password } : user);
      if (reset.status === 204) user.password = password;
      const change = await as(device).post('/api/auth/change-password', {
        currentPassword: user.password,
        newPassword: password,
      });
      const seen = [register, change, reset].map((answer) => [answer.status, answer.code ?? null]);
      const wanted =
        status === 0
          ? [
              [201, null],
              [204, null],
              [204, null],
            ]
          : Array.from({ length: 3 }, () => [status, code]);
      expect(seen, JSON.stringify(password)).toEqual(wanted);
      if (code === 'weak_password') expect(register.problem.detail.length).toBeGreaterThan(20);
    }
  });

  it('requirement 2: the whole password counts, in any composition', async () => {
    const long = 'a'.repeat(72);
    const cases: [string, string, number][] = [
      [`${long}X`, `${long}Y`, 401],
      [`${long}X`, `${long}X`, 200],
      ['🦑'.repeat(80), `${'🦑'.repeat(79)}🐙`, 401],
      ['a trailing space counts ', 'a trailing space counts', 401],
      ['Case Counts Here', 'case counts here', 401],
      ['caf\u00e9 au lait, sucr\u00e9', 'cafe\u0301 au lait, sucre\u0301', 200],
      ['ｗｉｄｅ ｌｅｔｔｅｒｓ', 'wide letters', 200],
    ];
    for (const [chosen, typed, status] of cases) {
      const account = newcomer(chosen);
      expect((await api(server).post('/api/auth/register', account)).status).toBe(201);
      expect((await login(server, account.username, typed)).status, typed).toBe(status);
    }
  });

  it('requirement 3: a huge password is rejected before it is hashed', async () => {
    const { username } = await makeUser(server);
    const began = performance.now();
    const answer = await login(server, username, 'x'.repeat(1_000_000));
    expect([400, 413]).toContain(answer.status);
    expect(performance.now() - began).toBeLessThan(150);
    expect((await login(server, username, 'x'.repeat(257))).code).toBe('invalid_input');
  });

  it('are stored as argon2id with the parameters of the design', async () => {
    const user = await makeUser(server);
    const row = await server.database.collection('users').findOne({ username: user.username });
    expect(row?.['passwordHash']).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });
});

describe('signing in', () => {
  it('accepts the email address or the username, case-insensitively', async () => {
    const user = await makeUser(server, { email: `Mixed.Case.${suffix()}@Example.test` });
    for (const identifier of [user.email, user.email.toUpperCase(), user.username, user.username.toUpperCase()]) {
      expect((await login(server, identifier, user.password)).status, identifier).toBe(200);
    }
  });

  it('requirement 4: an unknown user, a wrong password and a disabled account look the same and take the same time', async () => {
    const known = await makeUser(server);
    const disabled = await makeUser(server);
    await server.database
      .collection('users')
      .updateOne({ username: disabled.username }, { $set: { state: 'disabled' } });
    const who: [string, string, string][] = [
      ['unknown', `nobody${suffix()}`, 'a password of nobody'],
      ['wrong', known.username, 'not that password'],
      ['disabled', disabled.username, disabled.password],
    ];
    const bodies = new Set<string>();
    const requests = who.map(([, identifier, password]) => async () => {
      const answer = await login(server, identifier, password);
      expect(answer.status).toBe(401);
      bodies.add(withoutRequestId(answer));
    });
    expect(await medianSpread({ requests, rounds: 40, bound: 0.15 })).toBeLessThan(0.15);
    expect(bodies.size).toBe(1);
    expect((await login(server, known.username, known.password)).status).toBe(200);
  });

  it('requirement 33: accepts only declared keys and returns only declared keys', async () => {
    const user = await makeUser(server);
    for (const key of ['role', 'isAdmin', '_id', '__v', 'passwordHash', 'state', 'emailVerified']) {
      const answer = await api(server).post('/api/auth/login', {
        identifier: user.username,
        password: user.password,
        [key]: true,
      });
      expect([answer.status, answer.code], key).toEqual([400, 'invalid_input']);
    }
    const answer = await login(server, user.username, user.password);
    expect(answer.text).not.toMatch(/passwordHash|argon2|credentialVersion|refreshHash|emailKey|__v|"_id"|Link"/);
  });
});
