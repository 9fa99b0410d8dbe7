import { describe, expect, it } from 'vitest';
import { api } from '../support/client.js';
import { makeGroup, makeUser, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { isRead, startGate, type Command, type Gate } from '../support/gate.js';
import { Replica } from '../support/replica.js';
import { reactionPath } from '../support/requests.js';
import { explore } from '../support/schedules.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { freshUri } from '../support/store.js';
import type { Message } from '../support/wire.js';

const most = Number(process.env['SCHEDULES'] ?? 10);
const patient = { timeout: 600_000 };

/** The collections of the log, which determine numbers and contents; member rows do not. */
const ofTheLog = new Set(['conversations', 'messages', 'changes']);
const isWrite = (command: Command): boolean => ofTheLog.has(command.collection) && !isRead(command);
const isLogRead = (command: Command): boolean => ofTheLog.has(command.collection) && isRead(command);

interface Process {
  gate: Gate;
  server: TestServer;
}

/** Starts a server behind a gate; notifications are not part of the log and are stopped. */
async function startProcess(uri: string): Promise<Process> {
  const gate = await startGate(uri);
  const env = { MONGODB_URI: gate.uri, SECRET_KEY: 'the one key of all of the servers of this test' };
  const server = await startTestServer(env);
  await server.context.notifier.stop();
  return { gate, server };
}

interface World {
  one: Process;
  two: Process;
  reading: Process;
  ada: TestUser;
  bob: TestUser;
  eve: TestUser;
  id: string;
  device: Replica;
}

async function makeWorld(): Promise<World> {
  const uri = await freshUri();
  const [one, two, reading] = [await startProcess(uri), await startProcess(uri), await startProcess(uri)];
  const { server } = reading;
  const [ada, bob, eve] = await makeUsers(server, 3);
  // A member who never connects keeps the group receipts from moving, which would be published a second later.
  const { id } = await makeGroup(server, ada, [bob, eve, await makeUser(server)]);
  const device = new Replica(server, eve);
  await device.sync();
  return { one, two, reading, ada, bob, eve, id, device };
}

/** Expects the device to have the same messages above a number as the server. */
async function expectEqual({ reading, eve, id, device }: World, above: number, schedule: string): Promise<void> {
  await device.sync();
  const held = device.conversations.get(id);
  const { body } = await api(reading.server).as(eve).get(`/api/messages?conversationId=${id}&after=${above}&limit=100`);
  const found = body.items;
  expect(
    found.map(({ seq }) => seq),
    schedule,
  ).toEqual(found.map((_, place) => above + 1 + place));
  const own = [...(held?.messages.values() ?? [])].filter(({ seq }) => seq > above).sort((a, b) => a.seq - b.seq);
  const bare = (message: Message): unknown => ({ ...message, state: null });
  expect(own.map(bare), schedule).toEqual(found.map(bare));
  expect(held?.conversation.seq, schedule).toBe(found.at(-1)!.seq);
}

interface Scenario {
  /** What the two writers do, each on their own server. */
  one: (process: Process, world: World, messageId: string) => Promise<unknown>;
  two: (process: Process, world: World, messageId: string) => Promise<unknown>;
}

const send: Scenario['one'] = ({ server }, { ada, id }) => sendText(server, ada, id, 'one');
const sendToo: Scenario['two'] = ({ server }, { bob, id }) => sendText(server, bob, id, 'two');
const edit: Scenario['one'] = ({ server }, { ada }, messageId) =>
  api(server).as(ada).patch(`/api/messages/${messageId}`, { text: 'one, edited' });
const react: Scenario['two'] = ({ server }, { bob }, messageId) => api(server).as(bob).put(reactionPath(messageId));
const remove: Scenario['one'] = ({ server }, { ada }, messageId) =>
  api(server).as(ada).delete(`/api/messages/${messageId}`);

const scenarios: [name: string, Scenario][] = [
  ['both send', { one: send, two: sendToo }],
  ['one edits, one sends', { one: edit, two: sendToo }],
  ['one edits and one reacts to the same message', { one: edit, two: react }],
  ['one deletes and one reacts to the same message', { one: remove, two: react }],
];

describe('two writers and one reader, each on their own server, in every order of their steps', () => {
  it.each(scenarios)(
    'requirement 77: %s: a device that syncs meanwhile has everything in the end',
    patient,
    async (_name, { one, two }) => {
      const world = await makeWorld();
      let above = 0;
      const explored = await explore({
        most,
        async begin() {
          // The two servers know different last numbers: the first one's is stale.
          const first = await sendText(world.one.server, world.ada, world.id, 'before');
          const second = await sendText(world.two.server, world.bob, world.id, 'before');
          await world.device.sync();
          above = second.seq - 2;
          return [
            { name: 'one', gate: world.one.gate, isStep: isWrite, act: () => one(world.one, world, first.id) },
            { name: 'two', gate: world.two.gate, isStep: isWrite, act: () => two(world.two, world, first.id) },
            { name: 'reader', gate: world.reading.gate, isStep: isLogRead, act: () => world.device.sync() },
          ];
        },
        check: (schedule) => expectEqual(world, above, schedule),
      });

      expect(explored.schedules).toBeGreaterThanOrEqual(Math.min(most, 60));
    },
  );
});
