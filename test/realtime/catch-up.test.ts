import { beforeAll, expect, it } from 'vitest';
import { makeDirect, makeUsers } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextEvent } from '../support/sockets.js';

const connections = Number(process.env['CATCH_UP_CONNECTIONS'] ?? 40);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

/** The first missing number below the highest one; 0 if there is none. */
function holeIn(seen: ReadonlySet<number>): number {
  const highest = Math.max(0, ...seen);
  for (let seq = 1; seq <= highest; seq++) if (!seen.has(seq)) return seq;
  return 0;
}

it('requirement 78: nothing is lost between sync and live events, however often a client connects', async () => {
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
    // The socket is in its rooms before it is connected, and its very first packet is answered.
    const socket = await connectAs(server, ada);
    const { data } = await ask(socket, 'sync', cursor === undefined ? {} : { cursor });
    const received = data!.conversations[0];
    if (received?.limited) for (let seq = 1; seq < received.messages[0]!.seq; seq++) seen.add(seq);
    for (const { seq } of received?.messages ?? []) seen.add(seq);
    cursor = data!.cursor;
    const live = await nextEvent(socket, 'message:created');
    expect(live.message.conversationId).toBe(conversationId);
    for (const { payload } of eventsOf(socket, 'message:created')) seen.add(payload.message.seq);
    expect(holeIn(seen)).toBe(0);
    socket.disconnect();
  }
  isDone = true;
  await sending;
  expect(last).toBeGreaterThan(connections);
});
