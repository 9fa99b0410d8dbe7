import { Types } from 'mongoose';
import { expect, it } from 'vitest';
import { as } from '../support/client.js';
import { makeDirect, makeGroup, makeUsers, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';

const most = 5_000;

/** Fills a user's conversations up to the limit; returns functions that remove one or all of the added ones. */
async function crowd({ database }: TestServer, user: TestUser) {
  const members = database.collection('members');
  const userId = new Types.ObjectId(user.id);
  const own = await members.find({ userId }).sort({ slot: 1 }).toArray();
  const { _id: _first, ...row } = own[0]!;
  const rows = Array.from({ length: most - own.length }, (_, n) => ({
    ...row,
    _id: new Types.ObjectId(),
    conversationId: new Types.ObjectId(),
    slot: own.length + 1 + n,
  }));
  await members.insertMany(rows);
  await database.collection<{ _id: Types.ObjectId }>('slots').updateOne({ _id: userId }, { $set: { last: most } });
  return {
    leaveOne: () => members.deleteOne({ _id: rows[0]!._id }),
    leaveAll: () => members.deleteMany({ _id: { $in: rows.map(({ _id }) => _id) } }),
  };
}

it('a user is in at most 5,000 conversations: another one is a conflict until they leave one', async () => {
  const server = await startTestServer();
  const [ada, bob, eve] = await makeUsers(server, 3);
  await makeDirect(server, ada, bob);
  const group = await makeGroup(server, eve, [bob]);
  const crowding = await crowd(server, ada);
  const open = (by: TestUser, userId: string) => as(by).post('/api/conversations', { type: 'direct', userId });
  const add = () => as(eve).post(`/api/groups/${group.id}/members`, { userIds: [ada.id] });

  const refused = [
    await open(ada, eve.id),
    await open(eve, ada.id),
    await as(ada).post('/api/groups', { title: 'One too many', memberIds: [] }),
    await as(ada).post('/api/conversations', { type: 'group', title: 'One too many', memberIds: [] }),
  ];
  expect(refused.map(({ status, code }) => [status, code])).toEqual(refused.map(() => [409, 'conflict']));
  expect((await open(ada, bob.id)).status).toBe(200);
  expect((await add()).body).toEqual({ added: [], refused: [{ userId: ada.id, code: 'conflict' }] });
  const without = await as(eve).post('/api/groups', { title: 'Without', memberIds: [ada.id, bob.id] });
  expect(without.body.refused).toEqual([{ userId: ada.id, code: 'conflict' }]);
  expect(without.body.memberCount).toBe(2);

  await crowding.leaveOne();
  expect((await add()).body.refused).toEqual([]);
  expect((await open(ada, eve.id)).status).toBe(409);
  await as(ada).post(`/api/groups/${group.id}/leave`);
  expect((await open(ada, eve.id)).status).toBe(201);
  await crowding.leaveAll();
  await server.stop();
});
