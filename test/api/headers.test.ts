import { beforeAll, describe, expect, it, vi } from 'vitest';
import { as } from '../support/client.js';
import { makeUser, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { exchange, expectProblem, requestOf, type RawAnswer } from './raw.js';
import { makeSamples, targetOf, type Sample } from './samples.js';

const good = 'https://good.example';
const second = 'http://localhost:8081';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let server: TestServer;
let user: TestUser;
let samples: Sample[];
beforeAll(async () => {
  server = await startTestServer({ CORS_ORIGINS: `${good}, ${second}` });
  user = await makeUser(server);
  samples = await makeSamples(server);
});

function send(sample: Sample, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const target = targetOf(sample);
  const all = { Authorization: `Bearer ${sample.user.tokens.accessToken}`, ...headers };
  if (!sample.body) return exchange(server, requestOf(sample.method, target, all));
  const body = JSON.stringify(sample.body);
  return exchange(server, requestOf(sample.method, target, { ...all, 'Content-Type': 'application/json' }, body));
}

/** Checks the headers of every response, over both transports. */
function expectGuarded(answer: RawAnswer, what: string): void {
  const { headers } = answer;
  expect([what, headers['x-content-type-options']]).toEqual([what, 'nosniff']);
  expect([what, headers['referrer-policy']]).toEqual([what, 'no-referrer']);
  expect([what, headers['cross-origin-resource-policy']]).toEqual([what, 'same-origin']);
  expect(headers['content-security-policy'], what).toMatch(/default-src 'none'/);
  expect(headers['content-security-policy'], what).toMatch(/frame-ancestors 'none'/);
  expect(headers['x-request-id'], what).toMatch(uuid);
  for (const name of ['x-powered-by', 'server', 'set-cookie']) {
    expect([what, name, headers[name]]).toEqual([what, name, undefined]);
  }
}

/** Checks the headers of every HTTP response. */
function expectSecure(answer: RawAnswer, what: string): void {
  expectGuarded(answer, what);
  expect([what, answer.headers['x-frame-options']]).toEqual([what, 'DENY']);
  expect(answer.headers['strict-transport-security'], what).toMatch(/max-age=\d{7,}/);
}

describe('every response', () => {
  it('requirement 102: every route sends security headers and a request id, in success and in error', async () => {
    for (const sample of await makeSamples(server)) {
      // Files are served in their own way, and a form is not JSON.
      const isOfFiles = /content$|images|POST .*upload/.test(sample.name);
      const answers = [
        await send(sample, { Authorization: '' }),
        await send(isOfFiles ? { ...sample, query: { unheardOf: '1' } } : sample, { Accept: 'text/html' }),
        await send({ ...sample, query: { unheardOf: '1' } }),
        ...(isOfFiles ? [] : [await send(sample)]),
      ];
      for (const answer of answers) {
        const what = `${sample.name} ${answer.status}`;
        expectSecure(answer, what);
        expect(answer.headers['x-request-id'], what).toMatch(uuid);
        expect([what, answer.headers['cache-control']]).toEqual([what, 'no-store']);
        expect([what, answer.headers['etag']]).toEqual([what, undefined]);
        expect([what, answer.headers['last-modified']]).toEqual([what, undefined]);
      }
      if (!isOfFiles) expect([sample.name, answers[1]?.status]).toEqual([sample.name, 406]);
    }
  });

  it('requirement 102: security headers are sent outside of the routes too', async () => {
    const targets = ['/', '/health/live', '/health/ready', '/metrics', '/api/docs', '/api/docs/swagger-ui.css'];
    for (const target of [...targets, '/api/openapi.json', '/api/asyncapi.json', '/nothing', '/api/nothing', '/%ff']) {
      const answer = await exchange(server, requestOf('GET', target));
      expectSecure(answer, target);
      expect(answer.headers['x-request-id'], target).toMatch(uuid);
    }
    for (const [method, target] of [
      ['TRACE', '/api/users/me'],
      ['POST', '/health/live'],
      ['OPTIONS', '/api/users/me'],
    ]) {
      expectSecure(await exchange(server, requestOf(String(method), String(target))), `${method} ${target}`);
    }
    const large = requestOf('POST', '/api/auth/login', { 'Content-Type': 'application/json' }, ' '.repeat(100_001));
    const tooLarge = await exchange(server, large);
    expectProblem(tooLarge, 413, 'too_large');
    expectSecure(tooLarge, '413');
  });

  it('requirement 102: security headers are sent on /socket.io/ too, and its errors reveal nothing', async () => {
    const granted = await exchange(server, requestOf('GET', '/socket.io/?EIO=4&transport=polling'));
    expect(granted.status).toBe(200);
    expectSecure(granted, 'polling');
    expect(granted.headers['cache-control']).toBe('no-store');
    for (const query of ['EIO=3&transport=polling', 'EIO=4&transport=nothing', 'EIO=4&transport=polling&sid=x']) {
      const refused = await exchange(server, requestOf('GET', `/socket.io/?${query}`));
      expect([query, refused.status, refused.headers['content-type']]).toEqual([query, 400, 'application/json']);
      expectSecure(refused, query);
      expect(refused.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(Object.keys(JSON.parse(refused.text))).toEqual(['code', 'message']);
      expect(refused.text).not.toMatch(/<html|node_modules|:\d+:\d+/i);
      for (const name of ['x-powered-by', 'server', 'set-cookie']) expect(refused.headers[name]).toBeUndefined();
    }
    const bundle = await exchange(server, requestOf('GET', '/socket.io/socket.io.js'));
    expect(bundle.status).toBeGreaterThanOrEqual(400);
  });

  it('requirement 102: request ids are unique and never taken from the client', async () => {
    const ids = new Set<string>();
    for (let count = 0; count < 20; count++) {
      const answer = await exchange(server, requestOf('GET', '/health/live', { 'X-Request-Id': 'mine' }));
      ids.add(answer.headers['x-request-id'] ?? '');
    }
    expect([ids.size, ids.has('mine'), ids.has('')]).toEqual([20, false, false]);
  });

  it('requirement 102: an internal error reveals no internals, in any language', async () => {
    const fault = new TypeError('boom in /home/someone/secret/app.js of mongodb://admin:hunter2hunter2@db.internal/x');
    const spy = vi.spyOn(server.context.users, 'me').mockRejectedValue(fault);
    try {
      for (const language of ['en', 'fr']) {
        const headers = { Authorization: `Bearer ${user.tokens.accessToken}`, 'Accept-Language': language };
        const answer = await exchange(server, requestOf('GET', '/api/users/me', headers));
        const problem = expectProblem(answer, 500, 'internal', language);
        expect(Object.keys(problem).sort()).toEqual(['code', 'detail', 'requestId', 'status', 'title', 'type']);
        expect(answer.text).not.toMatch(/boom|secret|TypeError|hunter2|internal\/|node_modules|at .*:\d/);
        expectSecure(answer, '500');
      }
    } finally {
      spy.mockRestore();
    }
    expect((await as(user).get('/api/users/me')).status).toBe(200);
  });
});

describe('caches', () => {
  it('requirement 63: personal data is never cached', async () => {
    const other = await makeUser(server);
    const headers = {
      'if-none-match': '*',
      'if-modified-since': new Date().toUTCString(),
      'cache-control': 'max-age=999',
    };
    const mine = await as(user).get('/api/users/me', { headers });
    const theirs = await as(other).get('/api/users/me', { headers });
    expect([mine.status, mine.body.id, theirs.status, theirs.body.id]).toEqual([200, user.id, 200, other.id]);
    for (const answer of [mine, theirs]) {
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect([answer.headers.get('etag'), answer.headers.get('expires'), answer.headers.get('age')]).toEqual([
        null,
        null,
        null,
      ]);
    }
  });

  it('requirement 63: health, metrics and documents are never cached, and responses that depend on the origin say so', async () => {
    for (const target of [
      '/health/live',
      '/health/ready',
      '/metrics',
      '/api/openapi.json',
      '/api/asyncapi.json',
      '/api/docs',
    ]) {
      const answer = await exchange(server, requestOf('GET', target));
      expect([target, answer.headers['cache-control']]).toEqual([target, 'no-store']);
    }
    const granted = await exchange(server, requestOf('GET', '/api/users/me', { Origin: good }));
    const refused = await exchange(server, requestOf('GET', '/api/users/me', { Origin: 'https://evil.example' }));
    for (const answer of [granted, refused]) expect(answer.headers['vary']).toMatch(/\borigin\b/i);
  });
});

const foreign = [
  'https://evil.example',
  'null',
  'https://good.example.evil.com',
  'https://evilgood.example',
  'http://good.example',
  'https://good.example:444',
  'https://sub.good.example',
  'https://GOOD.example',
  'https://good.example/',
  'https://good.example, https://evil.example',
  '*',
  'http://localhost:8082',
];

describe('other origins', () => {
  it.each(foreign)('requirement 72: the origin %s is allowed on no route', async (origin) => {
    for (const sample of samples) {
      const plain = await send({ ...sample, query: { unheardOf: '1' } }, { Origin: origin });
      expect([sample.name, plain.headers['access-control-allow-origin']]).toEqual([sample.name, undefined]);
      const asked = { Origin: origin, 'Access-Control-Request-Method': sample.method };
      const preflight = await exchange(server, requestOf('OPTIONS', sample.path, asked));
      expect([sample.name, preflight.headers['access-control-allow-origin']]).toEqual([sample.name, undefined]);
      for (const { headers } of [plain, preflight]) expect(headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  it.each([good, second])(
    'requirement 72: the listed origin %s may call every route, without cookies',
    async (origin) => {
      for (const sample of samples) {
        const asked = {
          Origin: origin,
          'Access-Control-Request-Method': sample.method,
          'Access-Control-Request-Headers': 'authorization,content-type',
        };
        const preflight = await exchange(server, requestOf('OPTIONS', sample.path, asked));
        expect([sample.name, preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([
          sample.name,
          204,
          origin,
        ]);
        expect(preflight.headers['access-control-allow-methods']?.split(',')).toContain(sample.method);
        expect(preflight.headers['access-control-allow-headers']?.toLowerCase()).toContain('authorization');
        const refused = await send({ ...sample, query: { unheardOf: '1' } }, { Origin: origin });
        expect([sample.name, refused.status, refused.headers['access-control-allow-origin']]).toEqual([
          sample.name,
          400,
          origin,
        ]);
        expect(refused.headers['access-control-expose-headers']).toContain('X-Request-Id');
        for (const { headers } of [preflight, refused])
          expect(headers['access-control-allow-credentials']).toBeUndefined();
      }
    },
  );

  it('requirement 72: no other origin is allowed without the setting', async () => {
    const closed = await startTestServer();
    for (const origin of [good, closed.url, 'null', '*', 'https://evil.example']) {
      const answer = await exchange(closed, requestOf('GET', '/api/users/me', { Origin: origin }));
      expectProblem(answer, 401, 'unauthenticated');
      expect([origin, answer.headers['access-control-allow-origin']]).toEqual([origin, undefined]);
    }
    await closed.stop();
  });
});
