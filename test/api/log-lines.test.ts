import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, api, as } from '../support/client.js';
import { makeDirect, makeUser, sendText, type TestUser } from '../support/factories.js';
import { expectNoSecrets } from '../support/secrets.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs } from '../support/sockets.js';
import { problemCodes, type ProblemCode } from '../support/wire.js';
import { exchange, requestOf } from './raw.js';
import { makeSamples, targetOf } from './samples.js';

let server: TestServer;
let user: TestUser;
let conversationId: string;
beforeAll(async () => {
  server = await startTestServer();
  user = await makeUser(server);
  conversationId = (await makeDirect(server, user, await makeUser(server))).id;
});

type Line = Record<string, unknown>;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Waits for the lines of one request: they are written after the response is sent. */
function linesOf(requestId: string, msg: string): Promise<Line[]> {
  return vi.waitFor(
    () => {
      const found = server.log.lines().filter((line) => line['requestId'] === requestId && line['msg'] === msg);
      if (found.length === 0) throw new Error(`no line "${msg}" of ${requestId}`);
      return found;
    },
    { timeout: 5000, interval: 5 },
  );
}

async function lineOf(requestId: string | null | undefined, msg = 'request'): Promise<Line> {
  const [line, ...more] = await linesOf(requestId ?? '', msg);
  expect(more).toEqual([]);
  return line ?? {};
}

/** Waits for the event lines logged since `before`. */
function eventLines(before: number, count: number): Promise<Line[]> {
  return vi.waitFor(
    () => {
      const found = server.log
        .lines()
        .slice(before)
        .filter((line) => line['msg'] === 'event');
      if (found.length < count) throw new Error(`${found.length} lines instead of ${count}`);
      return found;
    },
    { timeout: 5000, interval: 5 },
  );
}

describe('the log line of a request', () => {
  it('requirement 101: contains the request, the user and the outcome, and nothing more', async () => {
    const answer = await as(user).get(`/api/conversations/${conversationId}`);
    const line = await lineOf(answer.headers.get('x-request-id'));
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(time),
      requestId: answer.headers.get('x-request-id'),
      method: 'GET',
      route: '/api/conversations/:id',
      status: 200,
      code: 'ok',
      durationMs: expect.any(Number),
      userId: user.id,
      sessionId: user.session.id,
      msg: 'request',
    });
    expect(Math.abs(Date.now() - Date.parse(String(line['time'])))).toBeLessThan(60_000);
  });

  it('requirement 101: is written for every route, with its pattern and never its path', async () => {
    for (const sample of await makeSamples(server)) {
      const answer = await as(sample.user).request(sample.method, targetOf(sample), sample.body);
      const line = await lineOf(answer.headers.get('x-request-id'));
      const [method, route] = sample.name.split(' ');
      expect(line).toMatchObject({ method, route, status: answer.status, code: answer.code ?? 'ok' });
      for (const id of Object.values(sample.params).filter((one) => one !== sample.user.session.id)) {
        expect(JSON.stringify(line)).not.toContain(id);
      }
    }
  });

  it('requirement 101: has the problem code of a rejected request', async () => {
    const refused: [answer: Promise<Answer>, code: ProblemCode][] = [
      [api(server).get('/api/users/me'), 'unauthenticated'],
      [
        api(server).post('/api/auth/login', { identifier: user.username, password: 'a wrong password' }),
        'invalid_credentials',
      ],
      [as(user).get(`/api/messages/${'0'.repeat(24)}`), 'not_found'],
      [api(server).get('/nowhere'), 'not_found'],
      [as(user).patch('/api/users/me'), 'method_not_allowed'],
      [as(user).put('/api/users/profile', { bio: 1 }), 'invalid_input'],
    ];
    for (const [asked, code] of refused) {
      const answer = await asked;
      expect(answer.code).toBe(code);
      const line = await lineOf(answer.headers.get('x-request-id'));
      expect(line).toMatchObject({ code, status: problemCodes[code], level: 'info' });
    }
    const nowhere = await api(server).get('/nowhere/at/all?q=1');
    expect(await lineOf(nowhere.headers.get('x-request-id'))).toMatchObject({
      route: null,
      userId: null,
      sessionId: null,
    });
  });
});

describe('the log line of a socket event', () => {
  it('requirement 101: contains the request, the user and the outcome, and nothing more', async () => {
    const socket = await connectAs(server, user);
    const before = server.log.lines().length;
    expect((await ask(socket, 'message:send', { conversationId, clientId: 'logged', text: 'marker-event' })).ok).toBe(
      true,
    );
    const refused = await ask(socket, 'message:send', { conversationId });
    const unknown = await ask(socket, 'marker-event', { text: 'marker-event' });
    const lines = await eventLines(before, 3);
    const about = { level: 'info', time: expect.stringMatching(time), durationMs: expect.any(Number), msg: 'event' };
    const who = { userId: user.id, sessionId: user.session.id };
    expect(lines).toHaveLength(3);
    expect(lines).toContainEqual({
      ...about,
      ...who,
      event: 'message:send',
      code: 'ok',
      requestId: expect.any(String),
    });
    const { requestId } = refused.error ?? {};
    expect(lines).toContainEqual({ ...about, ...who, event: 'message:send', code: 'invalid_input', requestId });
    const other = { event: 'unknown', code: 'not_found', requestId: unknown.error?.requestId };
    expect(lines).toContainEqual({ ...about, ...who, ...other });
    expect(server.log.text()).not.toContain('marker-event');
  });
});

describe('log lines never contain', () => {
  it('requirement 101: a password, token, body, query value or header', async () => {
    const marker = 'marker-9f2c';
    const headers = {
      'user-agent': marker,
      cookie: `x=${marker}`,
      referer: `https://${marker}.example`,
      'x-own': marker,
    };
    const client = as(user).with(headers);
    await sendText(server, user, conversationId, `${marker} in a message`);
    const asked = [
      await client.put('/api/users/profile', { bio: `${marker} in a bio` }),
      await client.put('/api/users/profile', { bio: { [marker]: marker } }),
      await client.put('/api/users/profile', { [marker]: marker }),
      await client.get(`/api/conversations?filter=${marker}`),
      await client.get(`/api/users/${marker}`),
      await client.get(`/${marker}?token=${marker}`),
      await client.put('/api/users/profile', undefined, {
        raw: `{"${marker}`,
        headers: { 'content-type': 'application/json' },
      }),
      await client.post('/api/auth/login', { identifier: `${marker}@example.test`, password: `${marker} password` }),
      await client.post('/api/auth/refresh', { refreshToken: marker }),
      await client.post('/api/auth/reset-password', { token: marker, password: `${marker} password` }),
      await api(server)
        .with({ authorization: `Bearer ${marker}` })
        .get('/api/users/me'),
      await api(server)
        .with({ authorization: `Basic ${marker}` })
        .get('/api/users/me'),
    ];
    for (const answer of asked) await lineOf(answer.headers.get('x-request-id'));
    expect(server.log.text()).not.toContain(marker);
    expect(server.log.text()).not.toContain(user.email);
    expectNoSecrets(server.log.text(), 'the log');
  });

  it('requirement 101: a line forged by a client', async () => {
    const forged = '%0a{"level":"fatal","msg":"forged"}%0d%0a';
    const targets = [`/api/users/${forged}`, `/${forged}`, `/api/conversations?cursor=${forged}`];
    for (const target of targets) {
      const headers = { Authorization: `Bearer ${user.tokens.accessToken}` };
      const answer = await exchange(server, requestOf('GET', target, headers));
      expect(answer.status).toBeGreaterThanOrEqual(400);
      await lineOf(answer.headers['x-request-id']);
    }
    const fault = new Error('first\n{"level":"fatal","msg":"forged"}\r\nlast');
    const spy = vi.spyOn(server.context.users, 'me').mockRejectedValueOnce(fault);
    const answer = await as(user).get('/api/users/me');
    spy.mockRestore();
    await lineOf(answer.headers.get('x-request-id'));
    // Every line is JSON: `lines` throws otherwise.
    expect(server.log.lines().filter((line) => line['msg'] === 'forged')).toEqual([]);
    expect(server.log.text()).toContain('first\\n{');
  });
});

describe('internal errors', () => {
  it('requirement 101: a 500 logs its cause once, with the request id that the client received', async () => {
    const spy = vi.spyOn(server.context.users, 'me').mockRejectedValueOnce(new RangeError('the cause of it'));
    const answer = await as(user).get('/api/users/me');
    spy.mockRestore();
    expect([answer.status, answer.code]).toEqual([500, 'internal']);
    const fault = await lineOf(answer.problem.requestId, 'request failed with an internal error');
    expect(fault).toMatchObject({
      level: 'error',
      code: 'internal',
      err: { type: 'RangeError', message: 'the cause of it' },
    });
    expect(await lineOf(answer.problem.requestId)).toMatchObject({
      level: 'warn',
      status: 500,
      code: 'internal',
      userId: user.id,
    });
  });

  it('requirement 101: a failed socket event logs its cause too', async () => {
    const socket = await connectAs(server, user);
    // A failing log stands for an internal error.
    const spy = vi.spyOn(server.context.log, 'append').mockRejectedValueOnce(new RangeError('the cause of the event'));
    const reply = await ask(socket, 'message:send', { conversationId, clientId: 'fails', text: 'never there' });
    spy.mockRestore();
    expect(reply.error?.code).toBe('internal');
    const fault = await lineOf(reply.error?.requestId, 'socket event failed with an internal error');
    expect(fault).toMatchObject({ level: 'error', event: 'message:send', err: { message: 'the cause of the event' } });
    expect(await lineOf(reply.error?.requestId, 'event')).toMatchObject({ code: 'internal', userId: user.id });
    expect(server.log.text()).not.toContain('never there');
  });
});
