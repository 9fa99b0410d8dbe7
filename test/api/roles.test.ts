import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../support/client.js';
import { makeGroup, makeUser, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs } from '../support/sockets.js';

const roles = ['creator', 'admin', 'moderator', 'member'] as const;
type Role = (typeof roles)[number];
const rank = (role: Role): number => roles.indexOf(role);

/** The contract's table: what a role may do, and which roles it must outrank. */
const may: Record<string, (actor: Role, target: Role) => boolean> = {
  remove: (actor, target) => rank(actor) <= rank('moderator') && rank(actor) < rank(target),
  'delete a message': (actor, target) => rank(actor) <= rank('moderator') && rank(actor) < rank(target),
  'make an admin': (actor, target) => actor === 'creator' && rank(target) > 0,
  'make a moderator': (actor, target) => rank(actor) <= rank('admin') && rank(actor) < rank(target),
  'make a member': (actor, target) => rank(actor) <= rank('admin') && rank(actor) < rank(target),
  'make a creator': () => false,
  rename: (actor) => rank(actor) <= rank('admin'),
  add: (actor) => rank(actor) <= rank('admin'),
  transfer: (actor) => actor === 'creator',
  'delete the group': (actor) => actor === 'creator',
};

let server: TestServer;
let newcomer: TestUser;
const people = {} as Record<Role, TestUser>;
const others = {} as Record<Role, TestUser>;
beforeAll(async () => {
  server = await startTestServer();
  newcomer = await makeUser(server);
  for (const role of roles) [people[role], others[role]] = await makeUsers(server, 2);
  others.creator = people.creator;
});

/** Creates a group with two members of each role, except for its creator. */
async function makeWorld(): Promise<string> {
  const everybody = roles.slice(1).flatMap((role) => [people[role], others[role]]);
  const { id } = await makeGroup(server, people.creator, everybody);
  for (const role of ['admin', 'moderator'] as const)
    for (const user of [people[role], others[role]])
      await as(people.creator).patch(`/api/groups/${id}/members/${user.id}`, { role });
  return id;
}

async function act(action: string, id: string, actor: TestUser, target: Role) {
  const client = as(actor);
  const member = `/api/groups/${id}/members/${others[target].id}`;
  const role = /^make an? (\w+)$/.exec(action)?.[1];
  if (role) return client.patch(member, { role });
  if (action === 'remove') return client.delete(member);
  if (action === 'rename') return client.patch(`/api/groups/${id}`, { title: 'Another' });
  if (action === 'add') return client.post(`/api/groups/${id}/members`, { userIds: [newcomer.id] });
  if (action === 'transfer') return client.post(`/api/groups/${id}/transfer`, { userId: others[target].id });
  if (action === 'delete the group') return client.delete(`/api/groups/${id}`);
  const message = await sendText(server, others[target], id, 'a message');
  return client.delete(`/api/messages/${message.id}`);
}

describe.each(roles)('%s', (role) => {
  it.each(Object.keys(may))('requirement 30: may %s only as the table says', async (action) => {
    const isOfTarget = !['rename', 'add', 'delete the group'].includes(action);
    const world = await makeWorld();
    // Rejected actions change nothing, so one group serves all of them.
    const targets = roles.filter((target) => isOfTarget || target === 'member');
    const wanted = targets.sort((a, b) => Number(may[action]?.(role, a)) - Number(may[action]?.(role, b)));
    let isFresh = true;
    for (const target of wanted) {
      const isAllowed = may[action]?.(role, target) ?? false;
      const isSelf = role === 'creator' && target === 'creator';
      const used = isFresh ? world : await makeWorld();
      const answer = await act(action, used, people[role], target);
      // A transfer to oneself changes nothing; authors may delete their own messages.
      const isFine = isAllowed || (isSelf && ['transfer', 'delete a message'].includes(action));
      expect([target, answer.status < 300 ? 'done' : answer.code]).toEqual([target, isFine ? 'done' : 'forbidden']);
      if (isFine) isFresh = false;
    }
  });
});

it('requirement 30: members may demote themselves only, and a role is one of four words', async () => {
  const id = await makeWorld();
  const own = (user: TestUser, role: unknown) => as(user).patch(`/api/groups/${id}/members/${user.id}`, { role });
  expect((await own(people.creator, 'admin')).status).toBe(403);
  expect((await own(people.moderator, 'admin')).status).toBe(403);
  expect((await own(people.member, 'creator')).status).toBe(403);
  expect((await own(people.admin, 'moderator')).body.role).toBe('moderator');
  expect((await own(people.admin, 'member')).body.role).toBe('member');
  expect((await own(people.admin, 'moderator')).status).toBe(403);
  for (const role of ['owner', 'CREATOR', '', null, ['admin'], { $ne: 'member' }, 3])
    expect((await own(people.moderator, role)).status).toBe(400);
});

it('requirement 31: a demotion applies to the very next request on an open socket', async () => {
  const id = await makeWorld();
  const message = await sendText(server, people.member, id, 'somebody else’s');
  const socket = await connectAs(server, people.moderator);
  const erase = () => ask(socket, 'message:delete', { messageId: message.id });
  const demotion = await as(people.creator).patch(`/api/groups/${id}/members/${people.moderator.id}`, {
    role: 'member',
  });
  expect(demotion.status).toBe(200);
  const refused = await erase();
  expect([refused.ok, refused.error?.code]).toEqual([false, 'forbidden']);
  await as(people.creator).patch(`/api/groups/${id}/members/${people.moderator.id}`, { role: 'moderator' });
  expect((await erase()).ok).toBe(true);
});
