import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createConversationRepository } from '../../src/repositories/conversations/conversation-repository.js';
import { createMemberRepository } from '../../src/repositories/members/member-repository.js';
import { createMessageRepository } from '../../src/repositories/messages/message-repository.js';
import { createHiddenRepository } from '../../src/repositories/hidden/hidden-repository.js';
import { createNotificationViews } from '../../src/features/notifications/notification-views.js';
import { newId } from '../../src/repositories/ids.js';
import { createNotificationRepository } from '../../src/repositories/notifications/notification-repository.js';
import { createProjections } from '../../src/log/projections.js';
import { createCounting } from '../../src/views/counting.js';
import { spawnServer, type ChildServer } from '../support/child.js';
import { api } from '../support/client.js';
import { makeDirect, makeGroup, makeUsers, sendText } from '../support/factories.js';
import { untilAnswered } from '../support/until-answered.js';
import { randomOf } from '../support/random.js';
import { allItems } from '../support/requests.js';
import { startTestServer } from '../support/server.js';

const crashes = 4;

it('requirement 62: each mention creates one notification, wherever the server dies', async () => {
  const random = randomOf(7);
  let server: ChildServer = await spawnServer();
  const at = { url: server.url };
  const [ada, bob] = await makeUsers(at, 2);
  const { id } = await makeGroup(at, ada, [bob]);
  const sent: string[] = [];
  let left = crashes;
  const sending = (async () => {
    while (left > 0) {
      const body = { conversationId: id, clientId: `m${sent.length}`, text: 'you', mentions: [bob.id] };
      const answer = await untilAnswered(() => api(at).as(ada).post('/api/messages', body), [200, 201]);
      sent.push(answer.body.id);
      await wait(30);
    }
  })();
  while (left > 0) {
    // The notifier collects for a second: the kills fall before, during and after its work.
    await wait(600 + random(900));
    await server.kill('SIGKILL');
    server = await spawnServer({ DATA_DIR: server.dataDir });
    at.url = server.url;
    left -= 1;
  }
  await sending;

  async function mentioned(): Promise<(string | null)[]> {
    const found = await allItems((cursor) => api(at).as(bob).get(`/api/notifications?limit=100${cursor}`));
    return found.filter(({ kind }) => kind === 'mention').map(({ messageId }) => messageId);
  }
  const deadline = Date.now() + 30_000;
  while ((await mentioned()).length < sent.length && Date.now() < deadline) await wait(100);
  expect((await mentioned()).sort()).toEqual([...sent].sort());
  const { body } = await api(at).as(bob).get('/api/notifications');
  expect(body.items.filter(({ kind }) => kind === 'message')).toEqual([]);
  await server.stop();
});

it('requirement 62: a count includes acknowledged messages, even if their conversation cannot be written', async () => {
  const server = await startTestServer();
  const [ada, bob] = await makeUsers(server, 2);
  const { id: conversationId } = await makeDirect(server, ada, bob);
  await sendText(server, ada, conversationId, 'one');
  const rows = createNotificationRepository(server.database);
  const stored = () => rows.page(bob.id, { isUnread: true, after: null, limit: 10 });
  await expect.poll(async () => (await stored()).length).toBe(1);

  const conversations = createConversationRepository(server.database);
  const members = createMemberRepository(server.database);
  const messages = createMessageRepository(server.database);
  const away = (): Promise<never> => Promise.reject(new Error('the database is away'));
  const log = createProjections({
    conversations: { raiseHeads: away },
    groupReceipts: { raise: away },
    members: { raiseSent: away },
    onError: () => undefined,
  });
  const blockedBy = (): Promise<string[]> => Promise.resolve([]);
  const counting = createCounting({ messages, hidden: createHiddenRepository(server.database), blockedBy });
  const views = createNotificationViews({ conversations, members, messages, counting, blockedBy, log });
  const shown = async () => views.of(bob.id, await stored());

  const head = { conversationId, seq: 3, rev: 0, lastActivityAt: new Date(), lastUncountedSeq: 0 };
  log.record({ head, senderReceipt: null }, newId());
  expect(await log.flush()).toBe(false);
  expect(await shown()).toMatchObject([{ kind: 'message', count: 3, readAt: null }]);

  // Sending implies reading, so the digest of unread messages ends.
  log.record({ head, senderReceipt: { conversationId, userId: bob.id, seq: 3, shownSeq: 3 } }, newId());
  expect(await log.flush()).toBe(false);
  expect(await shown()).toMatchObject([{ kind: 'message', readAt: expect.any(String) }]);
  await log.stop();
});
