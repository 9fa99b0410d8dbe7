import { expect, it } from 'vitest';
import { api, as } from '../support/client.js';
import { makeDirect, makeGroup, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { isRead, startGate, untilQuiet, type Command, type Gate } from '../support/gate.js';
import { startTestServer } from '../support/server.js';
import { freshUri } from '../support/store.js';

/** Collections read by a sync, without the caller's session and background work. */
const read = new Set([
  'members',
  'conversations',
  'messages',
  'changes',
  'hidden',
  'users',
  'relations',
  'notifications',
]);
const isOfSync = (command: Command): boolean => isRead(command) && read.has(command.collection);

/** The round trips to the database: concurrent commands share one. */
async function roundsOf(gate: Gate, ask: () => Promise<unknown>): Promise<string[][]> {
  const rounds: string[][] = [];
  gate.close(isOfSync);
  let isDone = false;
  const asked = ask().finally(() => (isDone = true));
  for (;;) {
    await untilQuiet(() => gate.underWay() === 0 && (gate.held.length > 0 || isDone));
    if (gate.held.length === 0) break;
    rounds.push(gate.held.map(({ command, collection }) => `${command} ${collection}`).sort());
    await Promise.all([...gate.held].map((held) => held.release()));
  }
  gate.open();
  await asked;
  return rounds;
}

it('requirement 77: a sync takes at most four round trips to the database, whatever has changed', async () => {
  const uri = await freshUri();
  const gate = await startGate(uri);
  const one = { SECRET_KEY: 'the one key of both servers of this test' };
  const server = await startTestServer({ ...one, MONGODB_URI: uri });
  // This server only answers the sync.
  const reader = await startTestServer({ ...one, MONGODB_URI: gate.uri });
  const [ada, bob, eve] = await makeUsers(server, 3);
  const direct = await makeDirect(server, ada, bob);
  const group = await makeGroup(server, ada, [bob]);
  const old = await sendText(server, bob, direct.id, 'the first');
  const reply = (user: TestUser, conversationId: string, text: string, replyTo: string) =>
    as(user).post('/api/messages', { conversationId, clientId: `r-${text}`, text, replyTo });
  const quoting = (await reply(bob, direct.id, 'second', old.id)).body;
  const inGroup = await sendText(server, bob, group.id, 'in the group');

  let cursor: string | undefined;
  async function sync(): Promise<string[][]> {
    return roundsOf(gate, async () => {
      const { status, body } = await api(reader).as(ada).post('/api/sync', { cursor });
      expect(status).toBe(200);
      cursor = body.cursor;
    });
  }

  const found: Record<string, number> = {};
  const measure = async (what: string): Promise<void> => {
    const rounds = await sync();
    found[what] = rounds.length;
    expect(rounds.length, `${what}: ${JSON.stringify(rounds)}`).toBeLessThanOrEqual(4);
  };
  await measure('from the beginning');
  await measure('nothing');
  await sendText(server, bob, direct.id, 'new');
  await sendText(server, bob, group.id, 'new too');
  await measure('new messages');
  await reply(bob, group.id, 'third', inGroup.id);
  await measure('a new one that quotes');
  await as(bob).patch(`/api/messages/${quoting.id}`, { text: 'changed' });
  await reply(bob, group.id, 'fourth', inGroup.id);
  await measure('a changed one that quotes');
  await as(ada).post(`/api/groups/${group.id}/members`, { userIds: [eve.id] });
  await measure('a member');
  await Promise.all(Array.from({ length: 101 }, (_, n) => sendText(server, bob, group.id, `many ${n}`)));
  await reply(bob, group.id, 'and a quote', inGroup.id);
  await measure('too many');
  // Proves that the count works.
  expect([found['nothing'], found['a changed one that quotes']]).toEqual([2, 4]);
  await reader.stop();
  await server.stop();
});
