import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseForm } from '../../src/kernel/parse-form.js';
import { type Answer, as, type Client } from '../support/client.js';
import { makeDirect, makeUser, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { routeTable } from '../support/table.js';
import { exchange, expectProblem, requestOf } from './raw.js';
import { fieldsOf, makeSamples, targetOf, type Sample } from './samples.js';

const all = routeTable().map(({ name, endpoint }) => ({ name, endpoint }));
/** Forms with files are tested in uploads.test.ts. */
const names = all.filter(({ endpoint }) => !endpoint.form);
/** Files are served with their own media types. */
const inJson = names.filter(({ endpoint }) => !endpoint.sendsFile);
const withBody = names.filter(({ endpoint }) => endpoint.body !== undefined);
const withQuery = names.filter(({ endpoint }) => endpoint.query !== undefined);
const withParams = names.filter(({ endpoint }) => endpoint.params !== undefined);
const form = { 'content-type': 'application/x-www-form-urlencoded' };

let server: TestServer;
let samples: Map<string, Sample>;
beforeAll(async () => {
  server = await startTestServer();
  samples = new Map((await makeSamples(server)).map((sample) => [sample.name, sample]));
});

function sampleOf(name: string): Sample {
  const sample = samples.get(name);
  if (!sample) throw new Error(`no sample for ${name}`);
  return sample;
}

function asking(sample: Sample): Client {
  return as(sample.user);
}

/** Expects a rejection for this very field. */
function expectRefused(answer: Answer, field: string, what: unknown): void {
  const paths: string[] = (answer.problem.errors ?? []).map((one) => one.path);
  const isNamed = paths.some((path) => path === field || path.startsWith(`${field}.`));
  expect([answer.status, answer.code, isNamed], `${field} = ${JSON.stringify(what)}: ${answer.text}`).toEqual([
    400,
    'invalid_input',
    true,
  ]);
}

const operators = [
  { $ne: null },
  { $gt: '' },
  { $regex: '.*' },
  { $where: 'sleep(2000)' },
  { $in: ['x'] },
  { $eq: 'x' },
  { $expr: { $eq: [1, 1] } },
  ['x'],
  [{ $ne: null }],
];

describe('input matches the schemas', () => {
  it('requirement 35: the samples reach every field of every route', () => {
    for (const { name, endpoint } of names) {
      const sample = sampleOf(name);
      // These bodies take one of two fields.
      const alternatives = { 'POST /api/contacts': 'username', 'POST /api/notifications/read': 'all' };
      const fields = fieldsOf(endpoint.body).filter(
        (field) => alternatives[name as keyof typeof alternatives] !== field,
      );
      expect([name, Object.keys(sample.body ?? {}).sort()]).toEqual([name, fields.sort()]);
      expect([name, Object.keys(sample.params).sort()]).toEqual([name, fieldsOf(endpoint.params).sort()]);
      for (const field of Object.keys(sample.query)) expect(fieldsOf(endpoint.query), name).toContain(field);
    }
  });

  it.each(withBody)('requirement 35: no operator passes in a body field of $name', async ({ name, endpoint }) => {
    const sample = sampleOf(name);
    for (const field of fieldsOf(endpoint.body)) {
      for (const value of operators) {
        const answer = await asking(sample).request(sample.method, sample.path, { ...sample.body, [field]: value });
        expectRefused(answer, `body.${field}`, value);
      }
    }
  });

  it.each(withQuery)('requirement 35: no operator passes in the query of $name', async ({ name, endpoint }) => {
    const sample = sampleOf(name);
    for (const field of fieldsOf(endpoint.query)) {
      for (const value of operators) {
        const query = { ...sample.query, [field]: JSON.stringify(value) };
        const answer = await asking(sample).get(targetOf(sample, query));
        // A search may be any text, and is only text: it finds nothing.
        if (field === 'q') expect(answer.body).toMatchObject({ items: [] });
        else expectRefused(answer, `query.${field}`, value);
        const key = `${field}[$ne]`;
        expectRefused(await asking(sample).get(targetOf(sample, { ...sample.query, [key]: '' })), `query.${key}`, key);
      }
    }
  });

  it.each(withParams)('requirement 35: no operator passes in the path of $name', async ({ name }) => {
    const sample = sampleOf(name);
    for (const [field, id] of Object.entries(sample.params)) {
      for (const value of [...operators.map((one) => JSON.stringify(one)), '[object Object]', `${id}0`, id.slice(1)]) {
        const path = sample.path.replace(id, encodeURIComponent(value));
        expectRefused(await asking(sample).request(sample.method, path), `params.${field}`, value);
      }
    }
  });

  it.each(withBody)('requirement 36: $name rejects a field of another type', async ({ name, endpoint }) => {
    const sample = sampleOf(name);
    for (const field of fieldsOf(endpoint.body)) {
      for (const value of [null, 1, true, {}, 'a NUL \0', '\ud800']) {
        const isText = typeof value === 'string';
        if (!isText && endpoint.body?.safeParse({ ...sample.body, [field]: value }).success) continue;
        const answer = await asking(sample).request(sample.method, sample.path, { ...sample.body, [field]: value });
        expectRefused(answer, `body.${field}`, value);
      }
    }
  });

  it.each(names)('requirement 36: $name accepts only an object as its body, or nothing', async ({ name, endpoint }) => {
    const sample = sampleOf(name);
    const headers = { authorization: `Bearer ${sample.user.tokens.accessToken}`, 'content-type': 'application/json' };
    for (const body of ['null', '[]', '[{}]', '"x"', '1', 'true', '{"unheardOf":1}']) {
      const answer = await exchange(server, requestOf(sample.method, targetOf(sample), headers, body));
      expectProblem(answer, 400, 'invalid_input', `${name} ${body}`);
    }
    if (!endpoint.body) return;
    const none = await asking(sample).request(sample.method, sample.path);
    expect([none.status, none.code]).toEqual([400, 'invalid_input']);
  });

  it.each(names)('requirement 36: $name rejects unknown query keys', async ({ name }) => {
    const sample = sampleOf(name);
    for (const key of ['unheardOf', '$where', '_id', 'a.b']) {
      const target = targetOf(sample, { ...sample.query, [key]: '1' });
      expectRefused(await asking(sample).request(sample.method, target, sample.body), `query.${key}`, key);
    }
  });

  it.each(withQuery)('requirement 36: $name rejects repeated query keys', async ({ name, endpoint }) => {
    const sample = sampleOf(name);
    const ask = (target: string) => asking(sample).request(sample.method, target, sample.body);
    expect((await ask(targetOf(sample))).status).toBe(200);
    for (const field of fieldsOf(endpoint.query)) {
      const once = sample.query[field] ?? '1';
      const rest = Object.fromEntries(Object.entries(sample.query).filter(([key]) => key !== field));
      const search = new URLSearchParams([...Object.entries(rest), [field, once], [field, once]]).toString();
      expectRefused(await ask(`${sample.path}?${search}`), `query.${field}`, search);
    }
  });

  it.each(names)(
    'requirement 37: $name lets no client choose sort order, fields or joins',
    async ({ name, endpoint }) => {
      const sample = sampleOf(name);
      const options = { sort: '-passwordHash', fields: '+passwordHash', select: 'passwordHash', populate: 'sender' };
      for (const [key, value] of [
        ...Object.entries(options),
        ['populate[path]', 'sender'],
        ['populate[match]', '$where'],
      ]) {
        const target = targetOf(sample, { ...sample.query, [String(key)]: String(value) });
        expectRefused(await asking(sample).request(sample.method, target, sample.body), `query.${key}`, value);
        if (!endpoint.body) continue;
        const answer = await asking(sample).request(sample.method, sample.path, {
          ...sample.body,
          [String(key)]: value,
        });
        expectRefused(answer, `body.${key}`, value);
      }
    },
  );
});

const pollutions = [
  '{"__proto__":{"polluted":1}}',
  '{"bio":"x","__proto__":{"polluted":1}}',
  '{"bio":"x","__proto__":1}',
  '{"bio":{"__proto__":{"polluted":1}}}',
  '{"bio":"x","constructor":{"prototype":{"polluted":1}}}',
  '{"bio":"x","constructor":1}',
  '{"bio":"x","prototype":{"polluted":1}}',
  '{"bio":"x","__defineGetter__":1}',
  '{"bio":"x","__lookupSetter__":1}',
  '{"bio":"x","hasOwnProperty":1}',
  '{"bio":"x","toString":1}',
  '{"bio":"x","valueOf":1}',
  '{"bio":"x","__proto__.polluted":1}',
  '{"bio":"x","constructor.prototype.polluted":1}',
  '{"bio":"x","\\u005f_proto__":{"polluted":1}}',
];

describe('prototypes', () => {
  it('requirement 39: no body and no query reaches a prototype', async () => {
    const user = await makeUser(server);
    const before = await as(user).get('/api/users/me');
    const keysBefore = Object.getOwnPropertyNames(Object.prototype);
    for (const raw of pollutions) {
      const answer = await as(user).put('/api/users/profile', undefined, {
        raw,
        headers: { 'content-type': 'application/json' },
      });
      expect([raw, answer.status, answer.code]).toEqual([raw, 400, 'invalid_input']);
    }
    // The form parser drops this key before a schema can reject it; the check below proves that nothing changed.
    const dropped = await as(user).put('/api/users/profile', undefined, { raw: '__proto__=x', headers: form });
    expect([200, 400]).toContain(dropped.status);
    for (const raw of ['bio=x&__proto__[polluted]=1', 'bio=x&constructor=1', 'bio=x&toString=1']) {
      const answer = await as(user).put('/api/users/profile', undefined, { raw, headers: form });
      expect([raw, answer.status, answer.code]).toEqual([raw, 400, 'invalid_input']);
      const query = await as(user).get(`/api/conversations?${raw}`);
      expect([raw, query.status, query.code]).toEqual([raw, 400, 'invalid_input']);
    }
    expect((await as(user).get('/api/users/me')).text).toBe(before.text);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(keysBefore);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('forms', () => {
  let user: TestUser;
  let other: TestUser;
  let conversationId: string;
  beforeAll(async () => {
    user = await makeUser(server);
    other = await makeUser(server);
    conversationId = (await makeDirect(server, user, other)).id;
  });

  function send(fields: [string, string][]) {
    const raw = new URLSearchParams([['conversationId', conversationId], ...fields]).toString();
    return as(user).post('/api/messages', undefined, { raw, headers: form });
  }

  it('requirement 36: form fields are parsed by their schema, and a repeated key is a list', async () => {
    const two = await send([
      ['clientId', 'form-1'],
      ['text', '123'],
      ['mentions', user.id],
      ['mentions', other.id],
    ]);
    expect([two.status, two.body.text]).toEqual([201, '123']);
    const one = await send([
      ['clientId', '2'],
      ['text', 'true'],
      ['mentions', other.id],
    ]);
    expect([one.status, one.body.text, one.body.clientId]).toEqual([201, 'true', '2']);
    const json = await as(user).post('/api/messages', {
      conversationId,
      clientId: '2',
      text: 'true',
      mentions: [other.id],
    });
    expect([json.status, json.body.id]).toEqual([200, one.body.id]);
  });

  it('requirement 36: a form follows the rules of a body', async () => {
    expectRefused(
      await send([
        ['clientId', 'a'],
        ['text', 'x'],
        ['unheardOf', '1'],
      ]),
      'body.unheardOf',
      'unknown',
    );
    expectRefused(
      await send([
        ['clientId', 'a'],
        ['text', 'x'],
        ['text', 'y'],
      ]),
      'body.text',
      'twice',
    );
    expectRefused(
      await send([
        ['clientId', 'a'],
        ['text', 'x'],
        ['mentions[$ne]', ''],
      ]),
      'body.mentions[$ne]',
      'deep',
    );
    expectRefused(
      await send([
        ['clientId', 'a'],
        ['text', 'a NUL \0'],
      ]),
      'body.text',
      'NUL',
    );
    const large = await send([
      ['clientId', 'a'],
      ['text', 'x'.repeat(100_001)],
    ]);
    expect([large.status, large.code]).toEqual([413, 'too_large']);
  });

  it('requirement 36: form fields become the numbers, booleans and lists that their schema requires', () => {
    const schema = z.strictObject({
      count: z.int().optional(),
      share: z.number().default(1),
      isOn: z.boolean(),
      word: z.string().nullable(),
      numbers: z.array(z.int()),
    });
    const given = { count: '7', share: '0.5', isOn: 'false', word: '8', numbers: '9' };
    expect(schema.parse(parseForm(schema, given))).toEqual({
      count: 7,
      share: 0.5,
      isOn: false,
      word: '8',
      numbers: [9],
    });
    expect(parseForm(schema, { numbers: ['1', '2'] })).toEqual({ numbers: [1, 2] });
    for (const text of ['', ' 1', '0x10', '1e3', '1e999', 'Infinity', 'NaN', '99999999999999999999', '--1', '1,5']) {
      expect(parseForm(schema, { count: text })).toEqual({ count: text });
    }
    for (const text of ['1', 'yes', 'TRUE', '']) expect(parseForm(schema, { isOn: text })).toEqual({ isOn: text });
  });
});

describe('content types', () => {
  const others = ['text/plain', 'text/html', 'application/xml', 'multipart/form-data; boundary=x', 'image/png', 'json'];

  it.each(names)('requirement 36: $name accepts JSON and forms and no other type', async ({ name }) => {
    const sample = sampleOf(name);
    const authorization = `Bearer ${sample.user.tokens.accessToken}`;
    for (const type of [...others, null]) {
      const headers = { authorization, ...(type === null ? {} : { 'content-type': type }) };
      const answer = await exchange(server, requestOf(sample.method, targetOf(sample), headers, '{}'));
      expectProblem(answer, 415, 'unsupported_media_type', `${name} ${String(type)}`);
    }
  });

  it.each(inJson)(
    'requirement 36: $name responds with JSON, or 406 if the client does not accept it',
    async ({ name }) => {
      const sample = sampleOf(name);
      for (const accept of ['text/html', 'image/*', 'application/xml, text/plain;q=0.5', 'application/json;q=0']) {
        const answer = await asking(sample).with({ accept }).request(sample.method, targetOf(sample), sample.body);
        expect([accept, answer.status, answer.code]).toEqual([accept, 406, 'not_acceptable']);
      }
      for (const accept of ['*/*', 'application/*', 'text/html, application/json;q=0.1', 'application/problem+json']) {
        const answer = await asking(sample).with({ accept }).request(sample.method, `${sample.path}?unheardOf=1`);
        expect([accept, answer.status]).toEqual([accept, 400]);
      }
    },
  );
});
