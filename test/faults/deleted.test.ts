import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { api } from '../support/client.js';
import { makeDirect, makeGroup, makeUser, makeUsers, sendText } from '../support/factories.js';
import { filesBelow } from '../support/media.js';
import { fence } from '../support/requests.js';
import { dumpOf } from '../support/rows.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connectAs, eventsOf, nextEvent } from '../support/sockets.js';

/** The bytes of all files below a folder, as text. */
const contentsBelow = (folder: string): string =>
  filesBelow(folder)
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n');
/** All documents of a server's database. */
const rowsOf = async ({ database }: TestServer): Promise<string> => [...(await dumpOf(database)).values()].join('\n');

it('requirement 61: nothing of a deleted message is left in responses, events, rows, files or logs', async () => {
  const server = await startTestServer();
  const [ada, bob, eve] = await makeUsers(server, 3);
  const markers = Array.from({ length: 3 }, () => `marker${randomBytes(8).toString('hex')}`);
  const [first = '', second = '', third = ''] = markers;
  const conversations = [(await makeDirect(server, ada, bob)).id, (await makeGroup(server, ada, [bob, eve])).id];

  for (const id of conversations) {
    const message = await sendText(server, ada, id, `says ${first}`);
    await api(server)
      .as(ada)
      .patch(`/api/messages/${message.id}`, { text: `now ${second}` });
    await api(server)
      .as(ada)
      .patch(`/api/messages/${message.id}`, { text: `then ${third}` });
    const quoting = { conversationId: id, clientId: `q-${id}`, text: 'an answer', replyTo: message.id };
    expect((await api(server).as(bob).post('/api/messages', quoting)).body.replyTo!.excerpt).toContain(third);
    // The text is present before, so the checks below prove something.
    const found = await api(server).as(bob).get(`/api/messages/search?q=${third}&conversationId=${id}`);
    expect(found.body.items).toHaveLength(1);
    for (const marker of markers) expect(await rowsOf(server)).toContain(marker);

    const peer = await connectAs(server, bob);
    const deleted = await api(server).as(ada).delete(`/api/messages/${message.id}`);
    expect(deleted.status).toBe(200);
    await nextEvent(peer, 'message:updated', ({ message: received }) => received.id === message.id);
    await fence(peer, ada, id);
    const late = await makeUser(server);
    await api(server)
      .as(ada)
      .post(`/api/groups/${id}/members`, { userIds: [late.id] });

    const paths = [
      `messages/${message.id}`,
      `messages/${message.id}/revisions`,
      `messages/${message.id}/receipts`,
      `messages?conversationId=${id}&limit=100`,
      `messages?conversationId=${id}&around=${message.seq}`,
      `messages/search?q=${first}`,
      `messages/search?q=${second}`,
      `messages/search?q=${third}`,
      `messages/search?q=${third.slice(0, 12)}`,
      'conversations',
      `conversations/${id}`,
    ];
    const answers = [JSON.stringify(eventsOf(peer)), deleted.text];
    for (const user of [ada, bob, eve, late]) {
      for (const path of paths) answers.push((await api(server).as(user).get(`/api/${path}`)).text);
      answers.push((await api(server).as(user).post('/api/sync', {})).text);
    }
    const retry = { conversationId: id, clientId: message.clientId, text: `says ${first}` };
    answers.push((await api(server).as(ada).post('/api/messages', retry)).text);
    for (const marker of markers) expect(answers.filter((text) => text.includes(marker))).toEqual([]);
  }

  const places = { rows: await rowsOf(server), log: server.log.text(), files: contentsBelow(server.dataDir) };
  for (const [place, text] of Object.entries(places))
    for (const marker of markers) expect(text.includes(marker), place).toBe(false);
});
