import { expect, it } from 'vitest';
import { makeDirect, makeUsers, sendText } from '../support/factories.js';
import { startTestServer } from '../support/server.js';
import { ask, connectAs, eventsOf, nextMessage } from '../support/sockets.js';

it('requirement 24: a client cannot join or create a room', async () => {
  const server = await startTestServer({ RATE_LIMIT_FACTOR: '0' });
  const [ada, bob, eve] = await makeUsers(server, 3);
  const [theirs, hers] = [await makeDirect(server, ada, bob), await makeDirect(server, ada, eve)];
  const [onBob, onEve] = [await connectAs(server, bob), await connectAs(server, eve)];
  const before = server.context.realtime.rooms();
  const names = [`user:${bob.id}`, `session:${bob.session.id}`, `group:${theirs.id}`, theirs.id, onBob.id, 'admin'];
  const options = ['join', 'joinRoom', 'room:join', 'subscribe', 'open', 'conversation:open'];
  for (const event of options) {
    for (const room of names) {
      for (const input of [room, { room }, { conversationId: room }, [room]]) {
        const { ok, error } = await ask(onEve, event, input);
        expect([ok, error?.code]).toEqual([false, 'not_found']);
      }
    }
  }
  const random = Array.from({ length: 1_000 }, (_, n) => ask(onEve, 'join', `room ${n}`));
  expect(new Set((await Promise.all(random)).map(({ error }) => error?.code))).toEqual(new Set(['not_found']));
  expect(server.context.realtime.rooms()).toBe(before);

  const secret = await sendText(server, ada, theirs.id, 'for Bob alone');
  const marker = await sendText(server, ada, hers.id, 'for Eve');
  await nextMessage(onBob, secret.id);
  await nextMessage(onEve, marker.id);
  expect(eventsOf(onEve, 'message:created').map(({ payload }) => payload.message.id)).toEqual([marker.id]);
});
