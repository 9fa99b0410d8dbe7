import { createHmac, generateKeyPairSync } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { refresh } from '../support/auth.js';
import { api, as } from '../support/client.js';
import { anotherDevice, makeUser, type TestUser } from '../support/factories.js';
import { nthMail } from '../support/mails.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let user: TestUser;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_FACTOR: '0' });
  user = await makeUser(server);
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;
const claimsOf = (part: string | undefined) => decode(part) as { iat: number; exp: number; sub: string; sid: string };

function me(accessToken: string) {
  return api(server).as({ tokens: { accessToken } }).get('/api/users/me');
}

/** The server's own signing key. */
function signingKey(): { id: string; secret: Uint8Array } {
  return server.context.keys.for('access-token').current;
}

function sign(
  header: unknown,
  payload: unknown,
  secret: Uint8Array | string = signingKey().secret,
  hash = 'sha256',
): string {
  const head = `${encode(header)}.${encode(payload)}`;
  return `${head}.${createHmac(hash, secret).update(head).digest('base64url')}`;
}

describe('access tokens', () => {
  it('contain the user, the session and the expiry, and nothing else', async () => {
    const [header, payload] = user.tokens.accessToken.split('.');
    expect(Object.keys(decode(header)).sort()).toEqual(['alg', 'kid', 'typ']);
    const claims = claimsOf(payload);
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sid', 'sub', 'typ']);
    expect(claims).toMatchObject({ sub: user.id, sid: user.session.id });
    expect(claims.exp - claims.iat).toBeGreaterThanOrEqual(899);
    expect(claims.exp - claims.iat).toBeLessThanOrEqual(901);
    expect(new Date(claims.exp * 1000).toISOString()).toBe(user.tokens.accessTokenExpiresAt);
    expect((await me(user.tokens.accessToken)).status).toBe(200);
  });

  it('requirement 7: forged tokens are rejected', async () => {
    const parts = user.tokens.accessToken.split('.');
    const [head = '', body = '', signature = ''] = parts;
    const header = decode(head);
    const claims = claimsOf(body);
    const another = (await anotherDevice(server, user)).tokens.accessToken;
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const last = signature.slice(0, -1);
    const twisted = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map((one) => last + one);
    const forged = [
      ...['none', 'None', 'NONE', 'nOnE'].map((alg) => `${encode({ ...header, alg })}.${body}.`),
      `${encode({ alg: 'none' })}.${body}.${signature}`,
      `${head}.${body}.`,
      `${head}.${body}`,
      `${head}.${body}.${another.split('.')[2] ?? ''}`,
      `${head}.${encode({ ...claims, sub: 'f'.repeat(24) })}.${signature}`,
      sign(header, claims, pem),
      sign(header, claims, ''),
      sign(header, claims, 'secret'),
      sign({ ...header, alg: 'HS512' }, claims, signingKey().secret, 'sha512'),
      sign({ ...header, alg: 'HS384' }, claims, signingKey().secret, 'sha384'),
      sign({ ...header, alg: 'RS256' }, claims),
      sign({ ...header, kid: '../../dev/null' }, claims, ''),
      sign({ ...header, kid: { $ne: null } }, claims),
      sign({ ...header, kid: undefined }, claims),
      sign({ ...header, kid: 'unknown' }, claims),
      sign({ ...header, jwk: { kty: 'oct', k: 'c2VjcmV0' } }, claims, 'secret'),
      sign({ ...header, jwk: { kty: 'oct', k: 'c2VjcmV0' } }, claims),
      sign({ ...header, jku: 'http://127.0.0.1:1/keys' }, claims),
      sign({ ...header, x5u: 'http://127.0.0.1:1/cert' }, claims),
      sign({ ...header, crit: ['b64'], b64: false }, claims),
      ...twisted.filter((one) => one !== signature).map((one) => `${head}.${body}.${one}`),
      `${user.tokens.accessToken}=`,
      'x',
      'a.b.c',
      `${'a'.repeat(3000)}.b.c`,
    ];
    for (const token of forged) {
      const answer = await me(token);
      expect([answer.status, answer.code], token.slice(0, 200)).toEqual([401, 'unauthenticated']);
    }
    expect((await me(sign(header, claims))).status).toBe(200);
  });

  it('requirement 8: every claim is required and checked', async () => {
    const [head, body] = user.tokens.accessToken.split('.');
    const header = decode(head);
    const claims = claimsOf(body);
    const now = Math.floor(Date.now() / 1000);
    for (const name of Object.keys(claims)) {
      const answer = await me(sign(header, { ...claims, [name]: undefined }));
      expect([answer.status, answer.code], `without ${name}`).toEqual([401, 'unauthenticated']);
    }
    const wrong: Record<string, unknown>[] = [
      { iss: 'somebody' },
      { aud: 'elsewhere' },
      { typ: 'refresh' },
      { sub: 'nobody' },
      { sub: { $ne: null } },
      { sid: 'nothing' },
      { sid: 7 },
      { exp: String(now + 600) },
      { exp: null },
      { iat: now + 3600 },
      { iat: 'now' },
      { nbf: now + 3600 },
    ];
    for (const change of wrong) {
      const answer = await me(sign(header, { ...claims, ...change }));
      expect([answer.status, answer.code], JSON.stringify(change)).toEqual([401, 'unauthenticated']);
    }
    const expired = await me(sign(header, { ...claims, iat: now - 1000, exp: now - 6 }));
    expect([expired.status, expired.code]).toEqual([401, 'token_expired']);
    const other = await makeUser(server);
    const foreign = await me(sign(header, { ...claims, sid: other.session.id }));
    expect([foreign.status, foreign.code]).toEqual([401, 'session_revoked']);
  });

  it('requirement 8: each kind of token works only for its own purpose', async () => {
    const owner = await makeUser(server);
    await api(server).post('/api/auth/forgot-password', { email: owner.email });
    const verify = (await nthMail(server, owner.email, 1)).token ?? '';
    const reset = (await nthMail(server, owner.email, 2)).token ?? '';
    const { accessToken, refreshToken } = owner.tokens;
    const password = 'a password that is new';
    const places: [string, string, (token: string) => Promise<{ status: number }>][] = [
      ['access', accessToken, (token) => me(token)],
      ['verify', verify, (token) => api(server).post('/api/auth/verify-email', { token })],
      ['refresh', refreshToken, (token) => refresh(server, token)],
      ['reset', reset, (token) => api(server).post('/api/auth/reset-password', { token, password })],
    ];
    for (const [place, own, use] of places) {
      for (const [kind, token] of places) {
        if (kind === place) continue;
        expect([400, 401], `${kind} at ${place}`).toContain((await use(token)).status);
      }
      expect([200, 204], `${place} at its place`).toContain((await use(own)).status);
    }
  });

  it('requirement 9: a token in the URL is not accepted', async () => {
    for (const key of ['token', 'access_token', 'accessToken']) {
      const without = await api(server).get(`/api/users/me?${key}=${user.tokens.accessToken}`);
      expect([without.status, without.code], key).toEqual([401, 'unauthenticated']);
      const both = await as(user).get(`/api/users/me?${key}=${user.tokens.accessToken}`);
      expect([both.status, both.code], key).toEqual([400, 'invalid_input']);
    }
    expect(server.log.text()).not.toContain(user.tokens.accessToken);
  });

  it('requirement 10: stops working as soon as its session ends', async () => {
    const first = await makeUser(server);
    const second = await anotherDevice(server, first);
    expect((await as(first).post('/api/auth/logout')).status).toBe(204);
    const routes: [string, string, unknown?][] = [
      ['GET', '/api/users/me'],
      ['GET', '/api/users/sessions'],
      ['PUT', '/api/users/profile', { bio: 'x' }],
      ['POST', '/api/auth/logout'],
      ['POST', '/api/auth/resend-verification'],
    ];
    for (const [method, path, body] of routes) {
      const answer = await as(first).request(method, path, body);
      expect([answer.status, answer.code], path).toEqual([401, 'session_revoked']);
    }
    expect((await me(second.tokens.accessToken)).status).toBe(200);
  });

  it('expires when it says it does', async () => {
    const brief = await startTestServer({ ACCESS_TOKEN_TTL: '1s', RATE_LIMIT_FACTOR: '0' });
    const somebody = await makeUser(brief);
    await wait(Math.max(0, Date.parse(somebody.tokens.accessTokenExpiresAt) - Date.now()) + 20);
    const answer = await api(brief).as(somebody).get('/api/users/me');
    expect([answer.status, answer.code]).toEqual([401, 'token_expired']);
  });

  it('is accepted in an Authorization header with a case-insensitive scheme, and in no other form', async () => {
    const { accessToken } = user.tokens;
    const taken = [`Bearer ${accessToken}`, `bearer ${accessToken}`, `BEARER  ${accessToken}`];
    for (const authorization of taken) {
      expect((await api(server).with({ authorization }).get('/api/users/me')).status).toBe(200);
    }
    for (const authorization of ['', 'Bearer', accessToken, `Basic ${accessToken}`, `Bearer ${accessToken} x`]) {
      const answer = await api(server).with({ authorization }).get('/api/users/me');
      expect([answer.status, answer.code]).toEqual([401, 'unauthenticated']);
    }
  });
});

describe('SECRET_KEY_PREVIOUS', () => {
  it('still verifies access, refresh and mail tokens made with the old key', async () => {
    const [oldKey, newKey] = ['the old key of this server, long enough', 'the new key of this server, long enough'];
    const before = await startTestServer({ SECRET_KEY: oldKey });
    const somebody = await makeUser(before);
    const { token } = await nthMail(before, somebody.email);
    const settings = { SECRET_KEY: newKey, MONGODB_URI: before.uri };
    const after = await startTestServer({ ...settings, SECRET_KEY_PREVIOUS: oldKey });
    expect((await api(after).as(somebody).get('/api/users/me')).status).toBe(200);
    expect((await api(after).post('/api/auth/verify-email', { token })).status).toBe(204);
    const stranger = await startTestServer(settings);
    expect((await api(stranger).as(somebody).get('/api/users/me')).code).toBe('unauthenticated');
    const { refreshToken } = somebody.tokens;
    expect((await refresh(stranger, refreshToken)).code).toBe('refresh_token_invalid');
    const next = await refresh(after, refreshToken);
    expect(next.status).toBe(200);
    expect((await refresh(stranger, next.body.refreshToken)).status).toBe(200);
  });
});
