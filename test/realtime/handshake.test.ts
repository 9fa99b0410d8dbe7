import { beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { refresh } from '../support/auth.js';
import { anotherDevice, makeDirect, makeUser, makeUsers, sendText } from '../support/factories.js';
import { api, as } from '../support/client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  ask,
  connectAs,
  eventsOf,
  nextEvent,
  nextMessage,
  openSocket,
  refusal,
  untilClosed,
} from '../support/sockets.js';

const listed = 'https://chat.example.test';
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ CORS_ORIGINS: listed });
});

describe('the handshake', () => {
  it('requirement 23: requires the access token of an active session', async () => {
    const user = await makeUser(server);
    const gone = await anotherDevice(server, user);
    await as(gone).post('/api/auth/logout');
    for (const token of [null, '', 'no token', user.tokens.refreshToken, `${user.tokens.accessToken}x`]) {
      expect((await refusal(openSocket(server, token))).code).toBe('unauthenticated');
    }
    for (const token of [7, null, {}, [user.tokens.accessToken], { $ne: '' }]) {
      expect((await refusal(openSocket(server, null, { auth: { token } }))).code).toBe('unauthenticated');
    }
    expect((await refusal(openSocket(server, gone.tokens.accessToken))).code).toBe('session_revoked');
    expect((await connectAs(server, user)).connected).toBe(true);
  });

  it('requirement 23: accepts no token in a query or a header', async () => {
    const user = await makeUser(server);
    const { accessToken: token } = user.tokens;
    const query = openSocket(server, null, { query: { token, accessToken: token } });
    expect((await refusal(query)).code).toBe('unauthenticated');
    const header = openSocket(server, null, { extraHeaders: { authorization: `Bearer ${token}` } });
    expect((await refusal(header)).code).toBe('unauthenticated');
    expect((await connectAs(server, user)).connected).toBe(true);
  });

  it('requirement 23: accepts no other namespace', async () => {
    const user = await makeUser(server);
    for (const name of ['/admin', '/%2e', '/socket.io']) {
      const socket = openSocket({ url: server.url + name }, user.tokens.accessToken);
      await expect(refusal(socket)).rejects.toThrow('Invalid namespace');
    }
  });

  it('requirement 66: a user has at most 20 sockets', async () => {
    const [user, other] = await makeUsers(server, 2);
    const open = await Promise.all(Array.from({ length: 20 }, () => connectAs(server, user)));
    const refused = await refusal(openSocket(server, user.tokens.accessToken));
    expect([refused.code, open.every((socket) => socket.connected)]).toEqual(['rate_limited', true]);
    expect((await connectAs(server, other)).connected).toBe(true);
  });

  it('requirement 66: silent connections are closed', async () => {
    const honest = await connectAs(server, await makeUser(server));
    const silent = Array.from({ length: 50 }, () => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
      return new Promise<number>((resolve, reject) => {
        const began = Date.now();
        socket.on('close', () => resolve(Date.now() - began));
        socket.on('error', reject);
      });
    });
    for (const ms of await Promise.all(silent)) expect(ms).toBeLessThan(3 * 5_000);
    expect(honest.connected).toBe(true);
    expect((await api(server).get('/health/live')).status).toBe(200);
  });

  it('requirement 17: a connection gets nothing that could restore its rooms', async () => {
    const { tokens } = await makeUser(server);
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const received = await new Promise<string>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data: Buffer) => {
        const packet = data.toString();
        if (packet.startsWith('0')) socket.send(`40${JSON.stringify({ token: tokens.accessToken })}`);
        if (packet.startsWith('40')) resolve(packet.slice(2));
      });
    });
    expect(Object.keys(JSON.parse(received))).toEqual(['sid']);
    socket.close();
  });

  it('requirement 17: a broken connection does not get its old rooms back', async () => {
    const user = await makeUser(server);
    const laptop = await anotherDevice(server, user);
    const socket = await connectAs(server, laptop);
    const { id } = socket;
    const closed = untilClosed(socket);
    socket.io.engine.close();
    await closed;
    await as(user).delete(`/api/users/sessions/${laptop.session.id}`);
    const auth = { token: laptop.tokens.accessToken, pid: id, offset: '0' };
    expect((await refusal(openSocket(server, null, { auth }))).code).toBe('session_revoked');
    const alive = await connectAs(server, user, { auth: { token: user.tokens.accessToken, pid: id, offset: '0' } });
    expect([alive.recovered ?? false, alive.id === id]).toEqual([false, false]);
  });

  for (const transport of ['polling', 'websocket']) {
    it(`requirement 72: ${transport} is open to listed origins only`, async () => {
      const user = await makeUser(server);
      const options = (origin: string) => ({ transports: [transport], extraHeaders: { origin } });
      for (const origin of [listed, server.url]) {
        const socket = await connectAs(server, user, options(origin));
        expect(socket.connected).toBe(true);
        socket.disconnect();
      }
      const tricks = [
        'null',
        'https://evil.test',
        `${listed}.evil.test`,
        `${listed}:8443`,
        'http://chat.example.test',
        'https://sub.chat.example.test',
        'https://evilchat.example.test',
        `${listed}/`,
      ];
      for (const origin of tricks) {
        const socket = openSocket(server, user.tokens.accessToken, options(origin));
        await expect(refusal(socket), origin).rejects.toThrow(/(poll|websocket) error/);
      }
    });
  }
});

describe('the lifetime of a token', () => {
  it('requirement 16: a socket is warned, and closed when its token expires', async () => {
    const brief = await startTestServer({ ACCESS_TOKEN_TTL: '3s' });
    const user = await makeUser(brief);
    const socket = await connectAs(brief, user);
    const { expiresAt } = await nextEvent(socket, 'session:expiring');
    expect(expiresAt).toBe(user.tokens.accessTokenExpiresAt);
    await untilClosed(socket);
    expect(eventsOf(socket).at(-1)).toEqual({ event: 'session:revoked', payload: { reason: 'expired' } });
    const early = Date.parse(expiresAt) - Date.now();
    expect(early).toBeLessThan(50);
    expect(early).toBeGreaterThan(-3_000);
    expect((await refusal(openSocket(brief, user.tokens.accessToken))).code).toBe('token_expired');
  });

  it('requirement 16: a new token of the session keeps the socket open', async () => {
    const brief = await startTestServer({ ACCESS_TOKEN_TTL: '3s' });
    const [user, friend] = await makeUsers(brief, 2);
    const [renewed, plain] = [await connectAs(brief, user), await connectAs(brief, user)];
    const direct = await makeDirect(brief, user, friend);
    await nextEvent(renewed, 'session:expiring');
    const { body } = await refresh(brief, user.tokens.refreshToken);
    const { accessToken, accessTokenExpiresAt: expiresAt } = body;
    expect(await ask(renewed, 'session:renew', { accessToken })).toEqual({ ok: true, data: { expiresAt } });
    await untilClosed(plain);
    const fresh = await anotherDevice(brief, user);
    const marker = await sendText(brief, fresh, direct.id, 'still here');
    await nextMessage(renewed, marker.id);
    expect(eventsOf(renewed, 'session:revoked')).toEqual([]);
  });

  it('requirement 16: no other token renews it, and a failed attempt changes nothing', async () => {
    const user = await makeUser(server);
    const [laptop, stranger] = [await anotherDevice(server, user), await makeUser(server)];
    const socket = await connectAs(server, user);
    const codeFor = async (input: unknown) => (await ask(socket, 'session:renew', input)).error?.code;
    for (const token of [laptop.tokens.accessToken, stranger.tokens.accessToken, 'no token']) {
      expect(await codeFor({ accessToken: token })).toBe('unauthenticated');
    }
    for (const accessToken of [null, 7, {}, [user.tokens.accessToken], undefined]) {
      expect(await codeFor({ accessToken })).toBe('invalid_input');
    }
    const own = await ask(socket, 'session:renew', { accessToken: user.tokens.accessToken });
    expect([own.ok, socket.connected]).toEqual([true, true]);
  });
});
