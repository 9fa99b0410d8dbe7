import { beforeAll, expect, it } from 'vitest';
import { makeDirect, makeUsers } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, heardBy, nextEvent } from '../support/sockets.js';

const connections = Number(process.env['CATCH_UP_CONNECTIONS'] ?? 40);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

/** The first number that is missing, up to the highest there is; 0 where none is. */
function holeIn(seen: ReadonlySet<number>): number {
  const highest = Math.max(0, ...seen);
  for (let seq = 1; seq <= highest; seq++) if (!seen.has(seq)) return seq;
  return 0;
}

it(
  'requirement 78: between catching up and what is heard live nothing is lost, however often one connects',
  { timeout: 120_000 },
  async () => {
    const [ada, bob] = await makeUsers(server, 2);
    const { id: conversationId } = await makeDirect(server, ada, bob);
    const sender = await connectAs(server, bob);
    let isDone = false;
    let last = 0;
    const sending = (async () => {
      while (!isDone) {
        const input = { conversationId, clientId: `c${last + 1}`, text: `text ${last + 1}` };
        last = (await ask(sender, 'message:send', input)).data!.seq;
      }
    })();

    const seen = new Set<number>();
    let cursor: string | undefined;
    for (let n = 0; n < connections; n++) {
      // It is in its rooms before it is told that it is connected; the very first packet is answered.
      const socket = await connectAs(server, ada);
      const { data } = await ask(socket, 'sync', cursor === undefined ? {} : { cursor });
      const told = data!.conversations[0];
      if (told?.limited) for (let seq = 1; seq < told.messages[0]!.seq; seq++) seen.add(seq);
      for (const { seq } of told?.messages ?? []) seen.add(seq);
      cursor = data!.cursor;
      const live = await nextEvent(socket, 'message:created');
      expect(live.message.conversationId).toBe(conversationId);
      for (const { payload } of heardBy(socket, 'message:created')) seen.add(payload.message.seq);
      expect(holeIn(seen)).toBe(0);
      socket.disconnect();
    }
    isDone = true;
    await sending;
    expect(last).toBeGreaterThan(connections);
  },
);
