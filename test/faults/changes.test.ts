import { createConnection, Types } from 'mongoose';
import { expect, it } from 'vitest';
import { spawnServer } from '../support/child.js';
import { api } from '../support/client.js';
import { makeDirect, makeUser, makeUsers, sendText } from '../support/factories.js';
import { startTestServer } from '../support/server.js';
import { freshDatabase, freshUri, spawnStore } from '../support/store.js';

it('requirement 82: a change interrupted by a crash is numbered before any request is answered', async () => {
  const env = { MONGODB_URI: await freshUri(), SECRET_KEY: 'one key for both of the servers of this test' };
  const before = await startTestServer(env);
  const [ada, bob] = await makeUsers(before, 2);
  const { id: conversationId } = await makeDirect(before, ada, bob);
  const sent = [];
  for (const text of ['edited', 'hidden', 'told']) sent.push(await sendText(before, ada, conversationId, text));
  await api(before).as(ada).patch(`/api/messages/${sent[2]!.id}`, { text: 'told at once' });
  await before.stop();

  // The state after a process died between writing a change and numbering it.
  const connection = await createConnection(env.MONGODB_URI).asPromise();
  const pending = new Types.ObjectId();
  await connection.collection('messages').updateOne(
    { _id: new Types.ObjectId(String(sent[0]!.id)) },
    {
      $set: { text: 'cut off', editedAt: new Date(), pending: [pending], revision: 1 },
      $push: { revisions: { text: 'edited', editedAt: new Date() } as never },
    },
  );
  const hidden = {
    userId: new Types.ObjectId(bob.id),
    conversationId: new Types.ObjectId(conversationId),
    seq: 2,
    messageId: new Types.ObjectId(String(sent[1]!.id)),
    own: null,
  };
  const member = { conversationId: hidden.conversationId, userId: hidden.userId };
  await connection.collection('members').updateOne(member, { $set: { lastHiddenSeq: 2 } });
  const { own } = (await connection.collection('members').findOne(member)) as unknown as { own: number };
  await connection.collection('hidden').insertOne(hidden);
  await connection.close();

  const recovered = await startTestServer(env);
  const page = await api(recovered).as(bob).get(`/api/messages?conversationId=${conversationId}`);
  expect(page.body.items.map(({ text, rev }) => [text, rev])).toEqual([
    ['cut off', 2],
    ['told at once', 1],
  ]);
  const conversation = await api(recovered).as(bob).get(`/api/conversations/${conversationId}`);
  expect(conversation.body).toMatchObject({ rev: 2, unreadCount: 2 });
  expect(await recovered.database.collection('members').findOne(member)).toMatchObject({ own: own + 1 });
  expect(await recovered.database.collection('hidden').findOne(member)).toMatchObject({ own: own + 1 });
});

it('requirement 76: two servers on one store number the changes of a conversation without a gap', async () => {
  const store = await spawnStore();
  const env = { MONGODB_URI: store.uri(freshDatabase()), SECRET_KEY: 'one key for both of the servers of this test' };
  const servers = [await spawnServer(env), await spawnServer(env)] as const;
  const [ada, bob] = [await makeUser(servers[0]), await makeUser(servers[1])];
  const { id: conversationId } = await makeDirect(servers[0], ada, bob);
  const sent: { id: string }[] = [];
  for (const user of [ada, bob])
    for (let n = 0; n < 5; n++) sent.push(await sendText(servers[0], user, conversationId, `text ${n}`));

  const authors = [ada, bob];
  const edits = Array.from({ length: 80 }, (_, n) => {
    const place = n % sent.length;
    const client = api(servers[n % 3 === 0 ? 0 : 1]).as(authors[place < 5 ? 0 : 1] ?? ada);
    return client.patch(`/api/messages/${sent[place]?.id ?? ''}`, { text: `edit ${n}` });
  });
  const answers = await Promise.all(edits);
  expect(answers.map(({ status }) => status)).toEqual(edits.map(() => 200));
  const seen = await Promise.all(
    servers.map(async (server) => {
      const page = await api(server).as(bob).get(`/api/messages?conversationId=${conversationId}`);
      const { rev } = (await api(server).as(bob).get(`/api/conversations/${conversationId}`)).body;
      return { rev, messages: page.body.items.map(({ id, text, rev: own }) => ({ id, text, rev: own })) };
    }),
  );
  expect(seen[0]?.rev).toBe(80);
  expect(seen[1]).toEqual(seen[0]);
  expect(Math.max(...(seen[0]?.messages ?? []).map(({ rev }) => rev))).toBe(80);
  for (const server of servers) await server.stop();
  await store.stop();
});
