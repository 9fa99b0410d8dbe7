import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, api, as } from '../support/client.js';
import { anotherDevice, makeDirect, makeUser, type TestUser } from '../support/factories.js';
import { expectLimited } from '../support/limited.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs } from '../support/sockets.js';

/** A fifth of the usual rate limits: 20 sends, then 2 a second; 24 other requests, then 4 a second. */
const factor = '0.2';
const sends = 20;
const others = 24;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ RATE_LIMIT_FACTOR: factor, TRUST_PROXY: '1' });
});

let addresses = 0;

/** Registers from a separate address: requests without a token count against the address. */
async function person(): Promise<TestUser & { from: Record<string, string> }> {
  const from = { 'x-forwarded-for': `203.0.113.${++addresses}` };
  const suffix = `p${addresses}x${Math.random().toString(36).slice(2, 8)}`;
  const account = { username: suffix, email: `${suffix}@example.test`, password: `plenty of ${suffix} herring` };
  const answer = await api(server).with(from).post('/api/auth/register', account);
  expect(answer.status).toBe(201);
  const { user, session, ...tokens } = answer.body;
  return { ...account, server, id: user.id, displayName: user.displayName, tokens, session, from };
}

/** Sends so many requests at once that the limit cannot refill meanwhile. */
function flood(users: TestUser[], times = 100): Promise<Answer[]> {
  const asking = Array.from({ length: times }, (_, at) => users[at % users.length] as TestUser);
  return Promise.all(asking.map((one) => as(one).get('/api/users/me')));
}

describe('rate limits', () => {
  it('requirement 64: every response says how much is left', async () => {
    const user = await person();
    const first = await as(user).get('/api/users/me');
    const second = await as(user).get('/api/users/me');
    expect([first.status, first.headers.get('ratelimit-limit')]).toEqual([200, String(others)]);
    expect(Number(first.headers.get('ratelimit-remaining'))).toBe(others - 1);
    expect(Number(second.headers.get('ratelimit-remaining'))).toBeLessThan(others);
    expect(first.headers.get('ratelimit-reset')).toBe('1');
    const refused = await as(user).get('/api/users/nobody');
    expect([refused.status, refused.headers.get('ratelimit-limit')]).toEqual([400, String(others)]);
  });

  it('requirement 64: a flooding user is told when to retry, and nobody else notices', async () => {
    const [noisy, quiet] = [await person(), await person()];
    const flooding = flood([noisy]);
    const meanwhile: Answer[] = [];
    for (let count = 0; count < others - 4; count++) meanwhile.push(await as(quiet).get('/api/users/me'));
    const answers = await flooding;
    const granted = answers.filter((answer) => answer.status === 200).length;
    expect(granted).toBeGreaterThanOrEqual(others);
    expect(granted).toBeLessThan(answers.length);
    for (const answer of answers.filter((one) => one.status !== 200)) expectLimited(answer, others);
    expect(meanwhile.map((answer) => answer.status)).toEqual(meanwhile.map(() => 200));
    const again = await flood([noisy]);
    expect(again.some((answer) => answer.status === 429)).toBe(true);
    expect(again.every((answer) => [200, 429].includes(answer.status))).toBe(true);
  });

  it('requirement 64: all devices of a user share one limit', async () => {
    const one = await person();
    const devices = [one, ...(await Promise.all([0, 1].map(() => anotherDevice(server, one))))];
    expect(new Set(devices.map((device) => device.session.id)).size).toBe(3);
    const began = performance.now();
    const answers = await flood(devices, 150);
    const refilled = Math.ceil(((performance.now() - began) / 1000) * 4) + 1;
    const granted = answers.filter((answer) => answer.status === 200).length;
    expect(granted).toBeGreaterThanOrEqual(others);
    expect(granted).toBeLessThanOrEqual(others + refilled);
    for (const at of [0, 1, 2]) {
      const ofDevice = answers.filter((_, place) => place % 3 === at);
      expect(ofDevice.some((answer) => answer.status === 429)).toBe(true);
    }
  });

  it('requirement 64: a signed-in user is limited by account, whatever the address or token', async () => {
    const one = await person();
    const refreshed = await api(server)
      .with(one.from)
      .post('/api/auth/refresh', { refreshToken: one.tokens.refreshToken });
    expect(refreshed.status).toBe(200);
    await flood([one]);
    const asked = Array.from({ length: 60 }, (_, at) =>
      api(server)
        .as({ tokens: refreshed.body })
        .with({ 'x-forwarded-for': `198.51.100.${at}` })
        .get('/api/users/me'),
    );
    const statuses = (await Promise.all(asked)).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
    expect(new Set(statuses.filter((status) => ![200, 429].includes(status))).size).toBe(0);
  });

  it('requirement 64: an exhausted class leaves the others untouched', async () => {
    const [one, other] = [await person(), await person()];
    const { id } = await makeDirect(server, one, other);
    const text = 'x';
    const send = (at: number) => as(one).post('/api/messages', { conversationId: id, clientId: `c${at}`, text });
    const answers = await Promise.all(Array.from({ length: 80 }, (_, at) => send(at)));
    const granted = answers.filter((answer) => answer.status === 201).length;
    expect(granted).toBeGreaterThanOrEqual(sends);
    const limited = answers.filter((answer) => answer.status !== 201);
    expect(limited.length).toBeGreaterThan(0);
    for (const answer of limited) expectLimited(answer, sends);
    const read = await as(one).get(`/api/messages?conversationId=${id}&limit=100`);
    expect([read.status, read.body.items.length]).toEqual([200, granted]);
  });

  it('requirement 64: both transports share one limit', async () => {
    const [one, other] = [await person(), await person()];
    const { id } = await makeDirect(server, one, other);
    const socket = await connectAs(server, one);
    const events = Array.from({ length: 60 }, (_, at) =>
      ask(socket, 'message:send', { conversationId: id, clientId: `s${at}`, text: 'x' }),
    );
    const codes = (await Promise.all(events)).map((reply) => reply.error?.code ?? 'ok');
    expect(codes.filter((code) => code === 'ok').length).toBeGreaterThanOrEqual(sends);
    expect(new Set(codes)).toEqual(new Set(['ok', 'rate_limited']));
    const rest = Array.from({ length: 30 }, (_, at) =>
      as(one).post('/api/messages', { conversationId: id, clientId: `r${at}`, text: 'x' }),
    );
    const statuses = (await Promise.all(rest)).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 201).length).toBeLessThan(sends);
    expect(statuses).toContain(429);
    expect(socket.connected).toBe(true);
  });

  it('requirement 64: public requests count against their address, even if rejected', async () => {
    const from = { 'x-forwarded-for': '192.0.2.1' };
    const bad = () => api(server).with(from).post('/api/auth/login', {});
    const answers = await Promise.all(Array.from({ length: 100 }, bad));
    const limited = answers.filter((answer) => answer.status === 429);
    expect(answers.filter((answer) => answer.status === 400).length).toBeGreaterThanOrEqual(others);
    expect(limited.length).toBeGreaterThan(0);
    for (const answer of limited) expectLimited(answer, others);
    const elsewhere = await api(server).with({ 'x-forwarded-for': '192.0.2.2' }).post('/api/auth/login', {});
    expect(elsewhere.status).toBe(400);
  });

  it('requirement 64: with the factor 0 nobody is limited', async () => {
    const open = await startTestServer({ RATE_LIMIT_FACTOR: '0' });
    const user = await makeUser(open);
    const answers = await Promise.all(Array.from({ length: 200 }, () => api(open).as(user).get('/api/users/me')));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    await open.stop();
  });
});
