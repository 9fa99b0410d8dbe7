import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { spawnServer, type ChildServer } from '../support/child.js';
import { api } from '../support/client.js';
import { makeGroup, makeUser } from '../support/factories.js';
import { insist } from '../support/insist.js';
import { randomOf } from '../support/random.js';

const crashes = 4;

it('requirement 62: each mention makes one notification, wherever the server dies', { timeout: 120_000 }, async () => {
  const random = randomOf(7);
  let server: ChildServer = await spawnServer();
  const at = { url: server.url };
  const [ada, bob] = [await makeUser(at), await makeUser(at)];
  const { id } = await makeGroup(at, ada, [bob]);
  const sent: string[] = [];
  let left = crashes;
  const sending = (async () => {
    while (left > 0) {
      const body = { conversationId: id, clientId: `m${sent.length}`, text: 'you', mentions: [bob.id] };
      const answer = await insist(() => api(at).as(ada).post('/api/messages', body), [200, 201]);
      sent.push(answer.body.id);
      await wait(30);
    }
  })();
  while (left > 0) {
    // The pump gathers for a second: the moments lie before, in and after its work.
    await wait(600 + random(900));
    await server.kill('SIGKILL');
    server = await spawnServer({ DATA_DIR: server.dataDir });
    at.url = server.url;
    left -= 1;
  }
  await sending;

  async function mentioned(): Promise<string[]> {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `&cursor=${cursor}` : '';
      const { body }: any = await api(at).as(bob).get(`/api/notifications?limit=100${query}`);
      found.push(...body.items.filter(({ kind }: any) => kind === 'mention').map(({ messageId }: any) => messageId));
      cursor = body.nextCursor;
    } while (cursor);
    return found;
  }
  const deadline = Date.now() + 30_000;
  while ((await mentioned()).length < sent.length && Date.now() < deadline) await wait(100);
  expect((await mentioned()).sort()).toEqual([...sent].sort());
  const { body } = await api(at).as(bob).get('/api/notifications');
  expect(body.items.filter(({ kind }: any) => kind === 'message')).toEqual([]);
  await server.stop();
});
