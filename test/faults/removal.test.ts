import { Types } from 'mongoose';
import { expect, it } from 'vitest';
import { type Answer, api, type Client, type Target } from '../support/client.js';
import { makeGroup, makeUsers, sendText } from '../support/factories.js';
import { isRead, startGate, untilQuiet } from '../support/gate.js';
import { reactionPath } from '../support/requests.js';
import { startTestServer } from '../support/server.js';
import { freshUri } from '../support/store.js';
import type { Message } from '../support/wire.js';

const key = { SECRET_KEY: 'the one key of both servers of this test' };

/** What a member does to their message, and how to tell that it is done. */
const actions: [
  name: string,
  act: (as: Client, id: string) => Promise<Answer>,
  isDone: (message: Message) => boolean,
][] = [
  ['an edit', (as, id) => as.patch(`/api/messages/${id}`, { text: 'changed' }), ({ text }) => text === 'changed'],
  ['a deletion', (as, id) => as.delete(`/api/messages/${id}`), ({ deletedAt }) => deletedAt !== null],
  ['a reaction', (as, id) => as.put(reactionPath(id)), ({ reactions }) => reactions.length === 1],
];

it.each(actions)(
  'requirement 91: what was allowed before a removal is complete when the removal is answered: %s',
  async (_name, act, isDone) => {
    const uri = await freshUri();
    const gate = await startGate(uri);
    const server = await startTestServer({ ...key, MONGODB_URI: gate.uri });
    const other = await startTestServer({ ...key, MONGODB_URI: uri });
    const [ada, bob] = await makeUsers(other, 2);
    const [group, another] = [await makeGroup(other, ada, [bob]), await makeGroup(other, ada, [bob])];
    const { id } = await sendText(other, bob, group.id, 'as it was');
    const remove = (at: Target, groupId: string) => api(at).as(ada).delete(`/api/groups/${groupId}/members/${bob.id}`);
    const seen = async () => (await api(other).as(ada).get(`/api/messages/${id}`)).body;

    gate.close((command) => !isRead(command) && command.collection === 'messages' && command.command !== 'insert');
    const action = act(api(server).as(bob), id);
    await untilQuiet(() => gate.held.length > 0);
    let isAnswered = false;
    const removal = remove(server, group.id).then((answer) => {
      isAnswered = true;
      return answer;
    });
    const members = other.database.collection('members');
    const ended = { conversationId: new Types.ObjectId(group.id), endedAt: { $ne: null } };
    await expect.poll(() => members.countDocuments(ended)).toBe(1);
    // A later removal with nothing to wait for is answered first.
    expect((await remove(other, another.id)).status).toBe(204);
    expect([isAnswered, isDone(await seen())]).toEqual([false, false]);

    gate.open();
    expect((await removal).status).toBe(204);
    expect(isDone(await seen())).toBe(true);
    expect([200, 404]).toContain((await action).status);
    expect((await act(api(server).as(bob), id)).status).toBe(404);
    await server.stop();
    await other.stop();
  },
  30_000,
);
