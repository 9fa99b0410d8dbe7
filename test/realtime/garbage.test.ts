import { once } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { clientEvents } from '../support/wire.js';
import { api } from '../support/client.js';
import { makeDirect, makeUser, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { onCleanup } from '../support/cleanup.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, nextMessage } from '../support/sockets.js';

let server: TestServer;
let attacker: TestUser;
/** Fails unless the server still answers and a connected bystander still receives events. */
let expectAlive: () => Promise<void>;

beforeEach(async () => {
  server ??= await startTestServer({ RATE_LIMIT_FACTOR: '0' });
  attacker = await makeUser(server);
  const [writer, reader] = await makeUsers(server, 2);
  const direct = await makeDirect(server, writer, reader);
  const bystander = await connectAs(server, reader);
  expectAlive = async () => {
    expect((await api(server).get('/health/live')).status).toBe(200);
    const { id } = await sendText(server, writer, direct.id, 'a marker');
    await nextMessage(bystander, id);
    expect(bystander.connected).toBe(true);
  };
});

const deep = JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown;
const inputs: unknown[] = [
  ...[null, undefined, true, 0, -1, 1e308, '', 'text', '\u0000', '\ud800', [], [[]], {}, { $gt: '' }, deep],
  ...[Buffer.from('bytes'), { text: Buffer.from('bytes') }, JSON.parse('{"__proto__":{"a":1}}'), 'x'.repeat(100_000)],
];

/** The expected problem code; none if the input is valid, as `{}` is if everything is optional. */
function expectedFor(event: string, input: unknown): string | undefined {
  const fits = clientEvents[event as keyof typeof clientEvents].input.safeParse(input).success;
  return fits ? undefined : 'invalid_input';
}

describe('malformed events', () => {
  for (const event of Object.keys(clientEvents)) {
    it(`requirement 41: ${event} with no, early, several or extra arguments does no harm`, async () => {
      const socket = await connectAs(server, attacker);
      const code = (reply: { error?: { code: string } }): string | undefined => reply.error?.code;
      for (const input of inputs) socket.emit(event, input);
      socket.emit(event);
      expect(code(await socket.timeout(5_000).emitWithAck(event))).toBe('invalid_input');
      const surplus = Array.from({ length: 10 }, (_, n) => n);
      expect(code(await socket.timeout(5_000).emitWithAck(event, {}, ...surplus))).toBe(expectedFor(event, {}));
      // Socket.IO sends an acknowledgement that is not the last argument as null.
      socket.emit(event, () => undefined, {}, 'more');
      expect(code(await socket.timeout(5_000).emitWithAck(event, null))).toBe('invalid_input');
      await expectAlive();
    });
  }

  it.each(Object.keys(clientEvents))('requirement 41: %s rejects every invalid input', async (event) => {
    const socket = await connectAs(server, attacker);
    for (const [place, input] of inputs.entries()) {
      const reply = await socket.timeout(5_000).emitWithAck(event, input);
      expect([place, reply.error?.code]).toEqual([place, expectedFor(event, input)]);
    }
    await expectAlive();
    expect(socket.connected).toBe(true);
  });

  it('requirement 42: an unknown event is answered, and the socket stays open', async () => {
    const socket = await connectAs(server, attacker);
    for (const event of ['nothing', '', '__proto__', 'constructor', 'toString', 'message:created', 'x'.repeat(9_000)]) {
      expect((await ask(socket, event, {})).error?.code).toBe('not_found');
      socket.emit(event);
    }
    await expectAlive();
    expect(socket.connected).toBe(true);
  });
});

async function rawSocket(user: TestUser): Promise<{ socket: WebSocket; next: (start: string) => Promise<string> }> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  onCleanup(() => socket.terminate());
  const next = (start: string): Promise<string> =>
    new Promise((resolve, reject) => {
      socket.once('close', () => reject(new Error(`closed before ${start}`)));
      socket.on('message', (data: Buffer) => {
        if (data.toString().startsWith(start)) resolve(data.toString());
      });
    });
  await next('0');
  const connected = next('40');
  socket.send(`40${JSON.stringify({ token: user.tokens.accessToken })}`);
  await connected;
  return { socket, next };
}

const undecodable = ['42{}', '42[', '42[]', '42[null]', '429[', '49', '45x-["a"]', '9', 'garbage'];
const binary = [
  '451-',
  `451000-["x",${'{"_placeholder":true,"num":0},'.repeat(3)}1]`,
  '451-["x",{"_placeholder":true,"num":9}]',
];

describe('raw packets', () => {
  for (const packet of undecodable) {
    it(`requirement 42: ${packet} closes its own connection and no other`, async () => {
      const { socket } = await rawSocket(attacker);
      const closed = once(socket, 'close');
      socket.send(packet);
      await closed;
      await expectAlive();
    });
  }

  for (const packet of binary) {
    it(`requirement 42: a binary packet without its parts, ${packet.slice(0, 20)}, closes its connection`, async () => {
      const { socket } = await rawSocket(attacker);
      const closed = once(socket, 'close');
      socket.send(packet);
      socket.send('42["x"]');
      await closed;
      await expectAlive();
    });
  }

  it('requirement 42: an oversized packet closes its connection', async () => {
    const { socket } = await rawSocket(attacker);
    const closed = once(socket, 'close');
    socket.send(`42["message:send","${'x'.repeat(400_000)}"]`);
    await closed;
    await expectAlive();
  });

  it('requirement 42: a packet that can be decoded is answered', async () => {
    const { socket, next } = await rawSocket(attacker);
    const answer = next('437');
    socket.send('427["nothing"]');
    expect(await answer).toContain('"not_found"');
    await expectAlive();
  });

  it('requirement 42: a wrong protocol version is rejected', async () => {
    for (const query of ['EIO=9&transport=websocket', 'EIO=4&transport=pigeon', 'transport=websocket']) {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?${query}`);
      onCleanup(() => socket.terminate());
      const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [Error];
      expect(error).toBeInstanceOf(Error);
    }
    await expectAlive();
  });
});
