import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { spawnServer } from '../support/child.js';
import { api } from '../support/client.js';
import { makeGroup, makeUsers, sendText } from '../support/factories.js';
import { reactionPath } from '../support/requests.js';

it('requirement 94: an erasure resumes wherever the server died, and completes', async () => {
  let server = await spawnServer({ ACCOUNT_ERASURE_DELAY: '0' });
  const at = { url: server.url };
  const [ada, bob] = await makeUsers(at, 2);
  const groups: string[] = [];
  for (let n = 0; n < 6; n++) {
    const { id } = await makeGroup(at, ada, [bob]);
    const message = await sendText(at, bob, id, `text ${n}`);
    expect((await api(at).as(ada).put(reactionPath(message.id))).status).toBe(200);
    groups.push(id);
  }
  const gone = await api(at).as(ada).delete('/api/users/me', { password: ada.password });
  expect(gone.status).toBe(202);

  const isErased = async (): Promise<boolean> =>
    (await api(at).as(bob).get(`/api/users?ids=${ada.id}`)).body.items.length === 0;
  for (const ms of [5, 40, 150]) {
    await wait(ms);
    await server.kill('SIGKILL');
    server = await spawnServer({ DATA_DIR: server.dataDir, ACCOUNT_ERASURE_DELAY: '0' });
    at.url = server.url;
  }
  const deadline = Date.now() + 40_000;
  while (!(await isErased()) && Date.now() < deadline) await wait(50);
  expect(await isErased()).toBe(true);
  const login = { identifier: ada.username, password: ada.password };
  expect((await api(at).post('/api/auth/login', login)).status).toBe(401);
  for (const id of groups) {
    const { body } = await api(at).as(bob).get(`/api/groups/${id}`);
    expect([body.role, body.memberCount]).toEqual(['creator', 1]);
    const { items } = (await api(at).as(bob).get(`/api/messages?conversationId=${id}`)).body;
    const left = items.filter(({ system }) => system?.kind === 'member_left');
    expect([left.length, items.flatMap(({ reactions }) => reactions)]).toEqual([1, []]);
  }
  await server.stop();
});
