import { randomBytes } from 'node:crypto';
import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api } from '../support/client.js';
import { makeDirect, makeUsers, sendText, type TestUser } from '../support/factories.js';
import type { ProblemDocument } from '../support/problem.js';
import { ask, connectAs } from '../support/sockets.js';
import { startTestServer, type TestServer } from '../support/server.js';
import type { Message } from '../support/wire.js';

interface World {
  server: TestServer;
  ada: TestUser;
  bob: TestUser;
  eve: TestUser;
  conversationId: string;
  /** A direct conversation without Ada. */
  foreignId: string;
  sockets: Map<string, Socket>;
}

/** The outcome of a request, in a form that both transports share. */
type Outcome = { code: 'ok'; view: Message } | { code: string; fields: string[]; detail: string };

const transports = {
  async rest(world: World, who: TestUser, input: unknown): Promise<Outcome> {
    const answer = await api(world.server).as(who).post('/api/messages', input);
    return answer.status < 400 ? { code: 'ok', view: answer.body } : refused(answer.problem);
  },
  async socket(world: World, who: TestUser, input: unknown): Promise<Outcome> {
    const reply = await ask(world.sockets.get(who.id)!, 'message:send', input);
    return reply.ok ? { code: 'ok', view: reply.data } : refused(reply.error);
  },
};

/** A rejection, with field paths without the part of the request, which depends on the transport. */
function refused({ code, detail, errors = [] }: ProblemDocument): Outcome {
  return { code, detail, fields: errors.map(({ path }) => path.replace(/^(body|input)\b\.?/, '')) };
}

/** The parts of a message that do not depend on when it was sent. */
function timeless(outcome: Outcome): unknown {
  if (!('view' in outcome)) return outcome;
  const { id, seq, createdAt, clientId, ...view } = outcome.view;
  expect([typeof id, typeof seq, typeof createdAt, typeof clientId]).toEqual(['string', 'number', 'string', 'string']);
  return { code: 'ok', view };
}

const fresh = (): string => `t-${randomBytes(8).toString('hex')}`;
const nobody = '0123456789abcdef01234567';

interface Case {
  name: string;
  code: string;
  who?: 'ada' | 'eve';
  input: (world: World) => unknown;
}

const good = (world: World): Record<string, unknown> => ({
  conversationId: world.conversationId,
  clientId: fresh(),
  text: 'hello',
});
const changed =
  (change: Record<string, unknown>): Case['input'] =>
  (world) => ({ ...good(world), ...change });

const cases: Case[] = [
  { name: 'a text', code: 'ok', input: good },
  {
    name: 'spaces, tabs and lines around a text, byte for byte',
    code: 'ok',
    input: changed({ text: ' \t a\r\nb \n' }),
  },
  { name: '4,000 code points beyond the first plane', code: 'ok', input: changed({ text: '\u{1F600}'.repeat(4000) }) },
  { name: 'empty lists', code: 'ok', input: changed({ attachments: [], mentions: [] }) },
  {
    name: 'a clientId of 64 characters',
    code: 'ok',
    input: (world) => ({ ...good(world), clientId: fresh().padEnd(64, '~') }),
  },
  {
    name: 'a mention of the other one, twice',
    code: 'ok',
    input: (world) => ({ ...good(world), mentions: [world.bob.id, world.bob.id] }),
  },
  { name: 'an unknown conversation', code: 'not_found', input: changed({ conversationId: nobody }) },
  {
    name: 'a conversation of others',
    code: 'not_found',
    input: (world) => ({ ...good(world), conversationId: world.foreignId }),
  },
  { name: 'a stranger', code: 'not_found', who: 'eve', input: good },
  { name: 'no text', code: 'invalid_input', input: changed({ text: undefined }) },
  { name: 'an empty text', code: 'invalid_input', input: changed({ text: '' }) },
  { name: 'a blank text', code: 'invalid_input', input: changed({ text: ' \n\t\u00a0' }) },
  { name: '4,001 characters', code: 'invalid_input', input: changed({ text: 'x'.repeat(4001) }) },
  { name: 'NUL in the text', code: 'invalid_input', input: changed({ text: 'a\u0000b' }) },
  { name: 'half a surrogate pair', code: 'invalid_input', input: changed({ text: 'a\ud83d' }) },
  { name: 'a number for a text', code: 'invalid_input', input: changed({ text: 7 }) },
  { name: 'an operator for a text', code: 'invalid_input', input: changed({ text: { $gt: '' } }) },
  { name: 'an operator for an id', code: 'invalid_input', input: changed({ conversationId: { $ne: null } }) },
  { name: 'an id that is none', code: 'invalid_input', input: changed({ conversationId: 'everybody' }) },
  { name: 'an id in upper case', code: 'invalid_input', input: changed({ conversationId: nobody.toUpperCase() }) },
  { name: 'no clientId', code: 'invalid_input', input: changed({ clientId: undefined }) },
  { name: 'an empty clientId', code: 'invalid_input', input: changed({ clientId: '' }) },
  { name: 'a clientId of 65 characters', code: 'invalid_input', input: changed({ clientId: 'x'.repeat(65) }) },
  { name: 'a clientId beyond ASCII', code: 'invalid_input', input: changed({ clientId: 'caf\u00e9' }) },
  { name: 'a clientId with a line break', code: 'invalid_input', input: changed({ clientId: 'a\nb' }) },
  { name: 'an unknown key', code: 'invalid_input', input: changed({ senderId: nobody }) },
  {
    name: 'a mention of somebody else',
    code: 'invalid_input',
    input: (world) => ({ ...good(world), mentions: [world.eve.id] }),
  },
  {
    name: '51 mentions',
    code: 'invalid_input',
    input: changed({ mentions: Array.from({ length: 51 }, (_, n) => n.toString(16).padStart(24, '0')) }),
  },
  {
    name: 'eleven attachments',
    code: 'invalid_input',
    input: changed({ attachments: Array.from({ length: 11 }, (_, n) => n.toString(16).padStart(24, '0')) }),
  },
  { name: 'an unknown attachment', code: 'not_found', input: changed({ attachments: [nobody] }) },
  { name: 'an answer to an unknown message', code: 'not_found', input: changed({ replyTo: nobody }) },
  { name: 'a list', code: 'invalid_input', input: (world) => [good(world)] },
];

describe('one case, two transports', () => {
  let world: World;

  beforeAll(async () => {
    const server = await startTestServer();
    const [ada, bob, eve] = await makeUsers(server, 3);
    const [direct, foreign] = [await makeDirect(server, ada, bob), await makeDirect(server, bob, eve)];
    const sockets = new Map<string, Socket>();
    for (const user of [ada, bob, eve]) sockets.set(user.id, await connectAs(server, user));
    world = { server, ada, bob, eve, conversationId: direct.id, foreignId: foreign.id, sockets };
  });

  afterAll(() => world.server.stop());

  it.each(cases)('requirement 23: $name: $code', async ({ code, who = 'ada', input }) => {
    const rest = await transports.rest(world, world[who], input(world));
    const socket = await transports.socket(world, world[who], input(world));
    expect(rest.code).toBe(code);
    expect(timeless(socket)).toEqual(timeless(rest));
  });

  it('requirement 75: a message sent over one transport is returned to a retry over the other', async () => {
    const input = good(world);
    const first = await transports.rest(world, world.ada, input);
    expect(await transports.socket(world, world.ada, input)).toEqual(first);
    for (const client of Object.values(transports)) {
      expect(await client(world, world.ada, { ...input, text: 'something else' })).toMatchObject({
        code: 'client_id_reused',
      });
    }
  });

  it('a reply over either transport quotes the same', async () => {
    const quoted = await sendText(world.server, world.bob, world.conversationId, 'a question');
    const input = (): unknown => ({ ...good(world), replyTo: quoted.id });
    const rest = await transports.rest(world, world.ada, input());
    expect(rest).toMatchObject({
      code: 'ok',
      view: { replyTo: { id: quoted.id, seq: quoted.seq, senderId: world.bob.id, excerpt: 'a question' } },
    });
    expect(timeless(await transports.socket(world, world.ada, input()))).toEqual(timeless(rest));
  });
});
