import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientEvents } from '../support/wire.js';
import { api, as } from '../support/client.js';
import { makeUser, type TestUser } from '../support/factories.js';
import { responses } from '../support/responses.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, openSocket, refusal } from '../support/sockets.js';
import { routeTable } from '../support/table.js';
import { eventPolicy, openPaths, routePolicy } from './policy.js';

const someId = '0123456789abcdef01234567';
const routes = Object.entries(routePolicy).map(([name, access]) => {
  const [method = '', pattern = ''] = name.split(' ');
  return { name, access, method, path: pattern.replace(/:\w+/g, someId) };
});
const locked = routes.filter((route) => route.access !== 'public');

/** Sends a path exactly as written, which fetch would normalize. */
function raw(
  server: TestServer,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: server.port, method, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end();
  });
}

describe('requirement 22: everything that is not public requires a token', () => {
  let server: TestServer;
  let user: TestUser;

  beforeAll(async () => {
    server = await startTestServer();
    user = await makeUser(server);
  });
  afterAll(() => server.stop());

  it('requirement 22: the policy lists every route and every event, and nothing else', () => {
    const table = Object.fromEntries(routeTable().map(({ name, endpoint }) => [name, endpoint.access]));
    expect(table).toEqual(routePolicy);
    expect(Object.keys(clientEvents).sort()).toEqual(Object.keys(eventPolicy).sort());
  });

  it('the response types of the tests are those of the routes', () => {
    const inJson = routeTable().filter(({ endpoint }) => !endpoint.sendsFile);
    expect(inJson.map(({ name }) => name).sort()).toEqual(Object.keys(responses).sort());
    for (const { name, endpoint } of inJson) {
      const typed: readonly unknown[] = responses[name as keyof typeof responses];
      const declared: unknown[] = Object.values(endpoint.returns);
      expect([name, declared.every((one) => typed.includes(one))]).toEqual([name, true]);
      expect([name, typed.every((one) => declared.includes(one))]).toEqual([name, true]);
    }
  });

  it.each(locked)('requirement 22: $name responds with 401 without a token', async ({ method, path }) => {
    for (const body of [undefined, {}]) {
      const answer = await api(server).request(method, path, method === 'GET' ? undefined : body);
      expect([answer.status, answer.code]).toEqual([401, 'unauthenticated']);
    }
    const bad = await api(server).with({ authorization: 'Bearer nonsense' }).request(method, path);
    expect(bad.status).toBe(401);
    const inUrl = await api(server).request(method, `${path}?token=${user.tokens.accessToken}`);
    expect(inUrl.status).toBe(401);
  });

  it.each(locked)('requirement 22: no spelling of $name opens it', async ({ method, path }) => {
    const spellings: [string, string, Record<string, string>][] = [
      [method, `${path}/`, {}],
      [method, path.toUpperCase(), {}],
      [method, path.replace('/api/', '//api//'), {}],
      [method, path.replace('/api/', '/api/./'), {}],
      [method, path.replace('/api/', '/api/x/../'), {}],
      [method, path.replace('/api/', '/api%2f'), {}],
      [method, `${path};x=y`, {}],
      ['POST', path, { 'x-http-method-override': method, 'x-method-override': method, 'x-http-method': method }],
      ['GET', `${path}?_method=${method}`, {}],
      ['HEAD', path, {}],
      ['OPTIONS', path, {}],
      ['TRACE', path, {}],
    ];
    for (const [verb, spelling, headers] of spellings) {
      const { status, text } = await raw(server, verb, spelling, headers);
      const refused = verb === 'OPTIONS' ? [204, 401, 404, 405] : [401, 404, 405];
      // A POST with a method override is treated as a POST.
      const isPublicTwin = routes.some(
        (route) => route.access === 'public' && route.method === verb && route.path === spelling,
      );
      if (!isPublicTwin)
        expect([verb, spelling, refused.includes(status), status]).toEqual([verb, spelling, true, status]);
      expect(text).not.toContain(user.id);
    }
  });

  it.each(locked)('requirement 22: $name is open with a token', async ({ method, path }) => {
    const somebody = await makeUser(server);
    const answer = await as(somebody).request(method, path, method === 'GET' ? undefined : {});
    expect(answer.status).not.toBe(401);
  });

  it.each(routes.filter((route) => route.access === 'public'))('$name requires no token', async ({ method, path }) => {
    const answer = await api(server).request(method, path, {});
    expect([answer.status, answer.code]).toEqual([400, 'invalid_input']);
  });

  it('requirement 22: sockets without a token reach no event', async () => {
    for (const token of [null, '', 'nonsense', user.tokens.refreshToken]) {
      expect((await refusal(openSocket(server, token))).status).toBe(401);
    }
    const socket = await connectAs(server, user);
    expect((await ask(socket, 'message:send', {})).error?.code).toBe('invalid_input');
    expect((await ask(socket, 'not:an-event', {})).error?.code).toBe('not_found');
  });

  it('requirement 22: the public paths outside of the tables are known', async () => {
    for (const path of openPaths)
      expect([path, (await fetch(server.url + path, { redirect: 'manual' })).status < 400]).toEqual([path, true]);
    for (const path of [
      '/api',
      '/api/',
      '/metrics/x',
      '/health',
      '/debug',
      '/socket.io/socket.io.js',
      '/.env',
      '/package.json',
      '/api/users/me/x',
    ]) {
      const { status } = await fetch(server.url + path, { redirect: 'manual' });
      expect([path, status >= 400]).toEqual([path, true]);
    }
  });
});
