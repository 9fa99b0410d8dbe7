import { request as httpRequest } from 'node:http';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { makeUser, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { routeTable } from '../support/table.js';
import { exchange, expectProblem, requestOf, type RawAnswer } from './raw.js';

let server: TestServer;
let user: TestUser;
let authorization: string;
beforeAll(async () => {
  server = await startTestServer();
  user = await makeUser(server);
  authorization = `Bearer ${user.tokens.accessToken}`;
});

function get(target: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return exchange(server, requestOf('GET', target, { authorization, ...headers }));
}

function put(body: string | Buffer, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const all = { authorization, 'Content-Type': 'application/json', ...headers };
  return exchange(server, requestOf('PUT', '/api/users/profile', all, body));
}

/** Checks that the server still answers other requests. */
async function expectAlive(): Promise<void> {
  expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  expect((await as(user).get('/api/users/me')).status).toBe(200);
}

describe('malformed URLs', () => {
  const broken = ['%', '%E0%A4%A', '%C0%AF', '%ff', '%zz', '%2', '%ED%A0%80'];

  it.each(broken)('requirement 40: a malformed %s in a path or a query is a 400', async (piece) => {
    const targets = [
      `/api/users/${piece}`,
      `/${piece}`,
      `/api/conversations?cursor=${piece}`,
      `/api/users/me?${piece}=1`,
    ];
    for (const target of [...targets, `/health/live?x=${piece}`, `/api/docs/${piece}`]) {
      expectProblem(await get(target), 400, 'invalid_input', target);
    }
    await expectAlive();
  });

  it('requirement 40: problems are in French if the client prefers French', async () => {
    const answers: [RawAnswer, number, string][] = [
      [await get('/%ff', { 'Accept-Language': 'fr-CA, en;q=0.5' }), 400, 'L’URL contient'],
      [await put('{', { 'Accept-Language': 'fr' }), 400, 'La requête n’est pas valide'],
      [await put('"'.padEnd(100_002, 'x'), { 'Accept-Language': 'en;q=0.2, fr' }), 413, 'Envoyez moins'],
      [await get('/nowhere', { 'Accept-Language': 'fr;q=0.9' }), 404, ''],
    ];
    for (const [answer, status, detail] of answers) {
      expect(answer.status).toBe(status);
      const problem = expectProblem(answer, status, JSON.parse(answer.text).code);
      expect(problem.detail).toContain(detail);
      expect(answer.headers['vary']?.toLowerCase()).toContain('accept-language');
    }
    const english = await get('/%ff', { 'Accept-Language': 'de, fr;q=0.1, en;q=0.2' });
    expect(JSON.parse(english.text).detail).toBe('The URL contains an invalid percent-encoding.');
    const unknown = JSON.parse((await get('/nowhere')).text);
    expect(JSON.parse((await get('/nowhere', { 'Accept-Language': 'fr' })).text).detail).not.toBe(unknown.detail);
  });
});

describe('malformed bodies', () => {
  const bodies: [what: string, body: string | Buffer][] = [
    ['an open brace', '{'],
    ['a comma too many', '{"bio":"x",}'],
    ['words', 'bio'],
    ['two values', '{"bio":"x"} {"bio":"y"}'],
    ['single quotes', "{'bio':'x'}"],
    ['not a number', '{"bio":NaN}'],
    ['infinity', '{"bio":Infinity}'],
    ['a number beyond all', '{"bio":1e999}'],
    ['a number beyond 2^53', '{"bio":9007199254740993}'],
    ['a raw control', '{"bio":"a\u0001"}'],
    ['a NUL', '{"bio":"a\\u0000"}'],
    ['half a pair', '{"bio":"\\ud800"}'],
    ['half a pair in a key', '{"\\udc00":"x"}'],
    ['a key twice, the last one wrong', '{"bio":"x","bio":{"$ne":null}}'],
    ['5,000 nested lists', '['.repeat(5000) + ']'.repeat(5000)],
    ['5,000 nested lists in a field', `{"bio":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['nested objects', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
    ['21 levels', `{"bio":${'['.repeat(21)}${']'.repeat(21)}}`],
    ['bytes of no text', Buffer.from([0xff, 0xfe, 0xfd, 0x00, 0x80])],
    ['UTF-16', Buffer.from('{"bio":"x"}', 'utf16le')],
  ];

  it.each(bodies)('requirement 40: %s is a 400', async (what, body) => {
    expectProblem(await put(body), 400, 'invalid_input', what);
    await expectAlive();
  });

  it('requirement 40: invalid UTF-8 is rejected, not converted', async () => {
    const body = Buffer.concat([Buffer.from('{"bio":"'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('"}')]);
    expectProblem(await put(body), 400, 'invalid_input');
  });

  it('requirement 40: a byte order mark and a repeated key are read in one way only', async () => {
    expect((await put('\ufeff{"bio":"marked"}')).status).toBe(200);
    expect((await put('{"bio":"first","bio":"last"}')).status).toBe(200);
    expect((await as(user).get('/api/users/me')).body.bio).toBe('last');
  });

  it('requirement 40: unknown charsets and encodings are a 415, broken compression a 400', async () => {
    for (const charset of ['utf-99', 'koi8-r', 'latin1', 'utf-7', 'utf-16le', '"utf-16"']) {
      const answer = await put('{}', { 'Content-Type': `application/json; charset=${charset}` });
      expectProblem(answer, 415, 'unsupported_media_type', charset);
    }
    for (const charset of ['utf-8', 'UTF-8', '"utf-8"']) {
      expect((await put('{}', { 'Content-Type': `application/json; charset=${charset}` })).status).toBe(200);
    }
    for (const encoding of ['zstd9', 'compress', 'gzip, gzip', 'x']) {
      const answer = await put('{}', { 'Content-Encoding': encoding });
      expectProblem(answer, 415, 'unsupported_media_type', encoding);
    }
    for (const encoding of ['gzip', 'deflate', 'br']) {
      expectProblem(
        await put('not compressed at all', { 'Content-Encoding': encoding }),
        400,
        'invalid_input',
        encoding,
      );
    }
    const torn = gzipSync('{"bio":"x"}').subarray(0, 12);
    expectProblem(await put(torn, { 'Content-Encoding': 'gzip' }), 400, 'invalid_input', 'torn');
    expectProblem(await put(deflateRawSync('{'), { 'Content-Encoding': 'gzip' }), 400, 'invalid_input', 'another');
    expect((await put(gzipSync('{"bio":"packed"}'), { 'Content-Encoding': 'gzip' })).status).toBe(200);
  });
});

describe('sizes and timeouts', () => {
  it('requirement 67: a body has at most 100 kB, compressed or not, announced or not', async () => {
    const filled = (size: number): string => `{"bio":"x"${' '.repeat(size - 11)}}`;
    expect((await put(filled(100_000))).status).toBe(200);
    expectProblem(await put(filled(100_001)), 413, 'too_large', 'one too many');
    expectProblem(await put(gzipSync(filled(5_000_000)), { 'Content-Encoding': 'gzip' }), 413, 'too_large', 'packed');
    const chunk = `${(100_001).toString(16)}\r\n${filled(100_001)}\r\n0\r\n\r\n`;
    expectProblem(await put(chunk, { 'Transfer-Encoding': 'chunked' }), 413, 'too_large', 'chunked');
    expectProblem(await put('{', { 'Content-Length': '900000000' }), 413, 'too_large', 'announced');
    const parameters = Array.from({ length: 2000 }, (_, at) => `k${at}=`).join('&');
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expectProblem(await put(parameters, form), 413, 'too_large', 'parameters');
    await expectAlive();
  });

  it('requirement 67: every route rejects an oversized body', async () => {
    for (const { name, endpoint } of routeTable()) {
      // Forms with files have their own limits.
      if (endpoint.form) continue;
      const [method = '', pattern = ''] = name.split(' ');
      const headers = { authorization, 'Content-Type': 'application/json' };
      const target = pattern.replace(/:\w+/g, '0'.repeat(24));
      const answer = await exchange(
        server,
        requestOf(method, target, headers, ' '.repeat((endpoint.bodyLimit ?? 100_000) + 1)),
      );
      expectProblem(answer, 413, 'too_large', `${endpoint.method} ${name}`);
    }
  });

  it('requirement 40: headers of 100 kB are a 431', async () => {
    expectProblem(await get('/api/users/me', { 'X-Long': 'x'.repeat(100_000) }), 431, 'headers_too_large', 'one');
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`X-${at}`, 'x'.repeat(100)]));
    expectProblem(await get('/api/users/me', many), 431, 'headers_too_large', 'many');
    expectProblem(await get(`/${'x'.repeat(100_000)}`), 431, 'headers_too_large', 'address');
    await expectAlive();
  });

  it('requirement 40: a wrong Content-Length is a 400', async () => {
    const json = { authorization, 'Content-Type': 'application/json' };
    const profile = '/api/users/profile';
    const short = requestOf('PUT', profile, { ...json, 'Content-Length': '500' }, '{"bio":"never"}');
    expectProblem(await exchange(server, short, { end: true }), 400, 'invalid_input', 'too few bytes');
    const long = requestOf('PUT', profile, { ...json, 'Content-Length': '5' }, '{"bio":"never"}');
    expectProblem(await exchange(server, long), 400, 'invalid_input', 'too many bytes');
    for (const length of ['-1', '1e3', 'x', '5, 6']) {
      const lying = requestOf('PUT', profile, { ...json, 'Content-Length': length }, '{"bio":"never"}');
      expectProblem(await exchange(server, lying), 400, 'invalid_input', length);
    }
    const both = { ...json, 'Content-Length': '5', 'Transfer-Encoding': 'chunked' };
    const smuggled = requestOf('PUT', profile, both, '0\r\n\r\nGET /api/users/me HTTP/1.1\r\n\r\n');
    expectProblem(await exchange(server, smuggled), 400, 'invalid_input', 'two lengths');
    const badChunk = requestOf('PUT', profile, { ...json, 'Transfer-Encoding': 'chunked' }, 'zz\r\n{}\r\n0\r\n\r\n');
    expectProblem(await exchange(server, badChunk), 400, 'invalid_input', 'bad chunk');
    expect((await as(user).get('/api/users/me')).body.bio).not.toBe('never');
  });

  it('requirement 40: malformed HTTP is a 400', async () => {
    const lines = ['GARBAGE\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\u0016\u0003\u0001 TLS\r\n\r\n'];
    for (const line of [...lines, 'GET / HTTP/1.1\r\nno colon here\r\n\r\n', 'GET / HTTP/1.1\r\n: x\r\n\r\n']) {
      expectProblem(await exchange(server, line), 400, 'invalid_input', line);
    }
    await expectAlive();
  });

  it('requirement 67: headers or a body that never end are a 408', async () => {
    const head = 'PUT /api/users/profile HTTP/1.1\r\nHost: x\r\n';
    const rest = `Authorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"bio":`;
    const began = performance.now();
    const timed = async (bytes: string): Promise<[RawAnswer, number]> => {
      const answer = await exchange(server, bytes, { timeoutMs: 50_000 });
      return [answer, performance.now() - began];
    };
    const [[headers, headersMs], [body, bodyMs]] = await Promise.all([timed(head), timed(head + rest)]);
    expectProblem(headers, 408, 'request_timeout', 'headers');
    expectProblem(body, 408, 'request_timeout', 'body');
    expect(headersMs).toBeLessThan(30_000);
    expect(bodyMs).toBeLessThan(50_000);
  });
});

describe('unknown routes and methods', () => {
  it('requirement 40: an unknown route is a 404', async () => {
    const targets = [
      '/api',
      '/api/',
      '/api/nothing',
      '/nothing.html',
      '/api/users/me/',
      '/API/users/me',
      '/../etc/passwd',
    ];
    for (const target of [
      ...targets,
      '/.env',
      '//',
      '/api/docs/package.json',
      '/api/docs/..%2fpackage.json',
      '/health',
    ]) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await exchange(server, requestOf(method, target, { authorization, Accept: 'text/html' }));
        expectProblem(answer, 404, 'not_found', `${method} ${target}`);
      }
    }
  });

  it('requirement 40: a known path with another method is a 405 that lists the allowed methods', async () => {
    const byPath = new Map<string, Set<string>>();
    for (const { name } of routeTable()) {
      const [method = '', pattern = ''] = name.split(' ');
      const path = pattern.replace(/:\w+/g, '0'.repeat(24));
      const methods = byPath.get(path) ?? byPath.set(path, new Set()).get(path);
      methods?.add(method);
      if (method === 'GET') methods?.add('HEAD');
    }
    for (const path of [
      '/health/live',
      '/health/ready',
      '/metrics',
      '/api/docs',
      '/api/openapi.json',
      '/api/asyncapi.json',
    ]) {
      byPath.set(path, new Set(['GET', 'HEAD']));
    }
    for (const [path, methods] of byPath) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'].filter(
        (one) => !methods.has(one),
      )) {
        // Paths like `/users/me` also match a pattern with an id, which must not answer for them.
        const answer = await exchange(server, requestOf(method, path, { authorization }));
        expectProblem(answer, 405, 'method_not_allowed', `${method} ${path}`);
        expect([path, answer.headers['allow']?.split(', ').sort()]).toEqual([path, [...methods].sort()]);
      }
    }
  });

  it('requirement 40: a rejected HEAD has no body, and CONNECT and upgrades do no harm', async () => {
    const head = await exchange(server, requestOf('HEAD', '/nothing', {}));
    expect([head.status, head.text, head.headers['content-type']]).toEqual([
      404,
      '',
      'application/problem+json; charset=utf-8',
    ]);
    await new Promise<void>((resolve) => {
      const connect = httpRequest({ host: '127.0.0.1', port: server.port, method: 'CONNECT', path: 'example.org:80' });
      connect.on('close', resolve);
      connect.on('error', () => resolve());
      connect.on('connect', (_response, socket) => {
        socket.destroy();
        resolve();
      });
      connect.end();
    });
    await expectAlive();
  });
});
