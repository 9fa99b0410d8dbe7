import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnServer, type ChildServer } from '../support/child.js';
import { api } from '../support/client.js';
import { anotherDevice, makeDirect, makeGroup, makeUser, makeUsers, type TestUser } from '../support/factories.js';
import { untilAnswered } from '../support/until-answered.js';

const runs = Number(process.env['UNREAD_RUNS'] ?? 4);

let server: ChildServer;
beforeAll(async () => {
  server = await spawnServer();
});
// Stopping checks the data that the steps leave behind.
afterAll(() => server.stop());

interface Message {
  id: string;
  seq: number;
  senderId: string | null;
  mentions: string[];
  isCounted: boolean;
  hiddenFrom: Set<string>;
}

/** What the model knows of a member. */
interface MemberState {
  read: number;
  start: number;
  isMuted: boolean;
}

/** The simplest model of a conversation as the contract describes it. */
class Model {
  readonly messages: Message[] = [];
  readonly members = new Map<string, MemberState>();

  constructor(
    readonly id: string,
    readonly isGroup: boolean,
    userIds: readonly string[],
  ) {
    for (const userId of userIds) this.members.set(userId, { read: 0, start: 0, isMuted: false });
  }

  get seq(): number {
    return this.messages.length;
  }

  add(id: string, senderId: string | null, mentions: string[] = []): void {
    const isCounted = senderId !== null;
    this.messages.push({ id, seq: this.seq + 1, senderId, mentions, isCounted, hiddenFrom: new Set() });
    const member = senderId === null ? undefined : this.members.get(senderId);
    if (member) member.read = this.seq;
  }

  sees(userId: string, message: Message): boolean {
    const member = this.members.get(userId);
    return member !== undefined && message.seq > member.start && !message.hiddenFrom.has(userId);
  }

  counts(userId: string): { unreadCount: number; mentionCount: number } {
    const member = this.members.get(userId);
    const unread = this.messages.filter(
      (message) => message.isCounted && message.seq > (member?.read ?? 0) && this.sees(userId, message),
    );
    return {
      unreadCount: unread.length,
      mentionCount: unread.filter(({ mentions }) => mentions.includes(userId)).length,
    };
  }
}

interface World {
  /** Each user on two devices. */
  people: [TestUser, TestUser][];
  models: Model[];
}

/** A random step: the action, the user, the device, the conversation, and a number to choose by. */
interface Step {
  action: 'send' | 'mention' | 'delete' | 'hide' | 'read' | 'empty' | 'mute' | 'leave' | 'join';
  person: number;
  device: number;
  conversation: number;
  choice: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    action: fc.constantFrom<Step['action']>(
      ...(['send', 'send', 'send', 'mention', 'mention', 'delete', 'hide', 'read', 'read', 'empty', 'mute'] as const),
      ...(['leave', 'join', 'join'] as const),
    ),
    person: fc.nat(2),
    device: fc.nat(1),
    conversation: fc.nat(2),
    choice: fc.nat(1000),
  }),
  { minLength: 30, maxLength: 60 },
);

async function makeWorld(): Promise<World> {
  const people = await Promise.all(
    Array.from({ length: 3 }, async (): Promise<[TestUser, TestUser]> => {
      const user = await makeUser(server);
      return [user, await anotherDevice(server, user)];
    }),
  );
  const [ada, bob, eve] = people.map(([user]) => user) as [TestUser, TestUser, TestUser];
  const group = await makeGroup(server, ada, [bob, eve]);
  const direct = await makeDirect(server, ada, bob);
  const alone = await makeDirect(server, ada, ada);
  const model = new Model(group.id, true, [ada.id, bob.id, eve.id]);
  model.add(group.lastMessage!.id, null);
  return {
    people,
    models: [model, new Model(direct.id, false, [ada.id, bob.id]), new Model(alone.id, false, [ada.id])],
  };
}

let sent = 0;

async function send(user: TestUser, model: Model, mentions: string[]): Promise<void> {
  const body = { conversationId: model.id, clientId: `m${++sent}`, text: `text ${sent}`, mentions };
  const answer = await api(server).as(user).post('/api/messages', body);
  expect(answer.status).toBe(201);
  expect(answer.body.seq).toBe(model.seq + 1);
  model.add(answer.body.id, user.id, mentions);
}

/** Adds the system message of a membership change to the model. */
async function takeSystem(user: TestUser, model: Model): Promise<void> {
  const { lastMessage } = (await api(server).as(user).get(`/api/conversations/${model.id}`)).body;
  expect(lastMessage).toMatchObject({ type: 'system', seq: model.seq + 1 });
  model.add(lastMessage!.id, null);
}

async function changeMembers(world: World, user: TestUser, { action }: Step): Promise<void> {
  const [group] = world.models as [Model];
  const creator = world.people[0]?.[0] as TestUser;
  if (user.id === creator.id || group.members.has(user.id) === (action === 'join')) return;
  const client = api(server).as(action === 'leave' ? user : creator);
  const path = `/api/groups/${group.id}/${action === 'leave' ? 'leave' : 'members'}`;
  const answer = await client.post(path, action === 'leave' ? undefined : { userIds: [user.id] });
  expect(answer.status).toBe(action === 'leave' ? 204 : 200);
  if (action === 'leave') group.members.delete(user.id);
  await takeSystem(creator, group);
  if (action === 'join') group.members.set(user.id, { read: group.seq - 1, start: group.seq - 1, isMuted: false });
}

async function onMessage(user: TestUser, model: Model, { action, choice }: Step): Promise<void> {
  const seen = model.messages.filter(
    (message) =>
      model.sees(user.id, message) && (action === 'hide' || (message.senderId === user.id && message.isCounted)),
  );
  const message = seen[choice % Math.max(1, seen.length)];
  if (!message) return;
  const scope = action === 'hide' ? 'me' : 'everyone';
  const answer = await api(server).as(user).delete(`/api/messages/${message.id}?scope=${scope}`);
  expect(answer.status).toBe(action === 'hide' ? 204 : 200);
  if (action === 'hide') message.hiddenFrom.add(user.id);
  else {
    message.isCounted = false;
    message.mentions = [];
  }
}

async function take(world: World, step: Step): Promise<void> {
  const user = world.people[step.person]?.[step.device] as TestUser;
  const model = world.models[step.conversation] as Model;
  if (step.action === 'leave' || step.action === 'join') return changeMembers(world, user, step);
  const member = model.members.get(user.id);
  if (!member) return;
  const others = [...model.members.keys()];
  if (step.action === 'send') await send(user, model, []);
  else if (step.action === 'mention') await send(user, model, [others[step.choice % others.length] as string]);
  else if (step.action === 'delete' || step.action === 'hide') await onMessage(user, model, step);
  else if (step.action === 'read') {
    const seq = step.choice % (model.seq + 1);
    const answer = await api(server).as(user).post(`/api/conversations/${model.id}/read`, { seq });
    member.read = Math.max(member.read, seq);
    expect(answer.body).toMatchObject({ readSeq: member.read, ...model.counts(user.id) });
  } else if (step.action === 'empty') {
    expect((await api(server).as(user).delete(`/api/conversations/${model.id}`)).status).toBe(204);
    member.start = Math.max(member.start, model.seq);
  } else {
    member.isMuted = !member.isMuted;
    const mutedUntil = member.isMuted ? '2100-01-01T00:00:00Z' : null;
    await api(server).as(user).patch(`/api/conversations/${model.id}`, { mutedUntil });
  }
}

/** Compares every count of the server with the model. */
async function compare(world: World, step: Step | null): Promise<void> {
  for (const [user] of world.people) {
    const own = world.models.filter(({ members }) => members.has(user.id));
    const expected = own.map((model) => ({ model, ...model.counts(user.id) }));
    const loud = expected.filter(({ model }) => !model.members.get(user.id)?.isMuted);
    const [list, totals] = await Promise.all([
      api(server).as(user).get('/api/conversations'),
      api(server).as(user).get('/api/conversations/unread'),
    ]);
    const shown = new Map(list.body.items.map((one) => [one.id, one]));
    for (const { model, unreadCount, mentionCount } of expected) {
      const one = shown.get(model.id) ?? (await api(server).as(user).get(`/api/conversations/${model.id}`)).body;
      expect([step, one.unreadCount, one.mentionCount]).toEqual([step, unreadCount, mentionCount]);
    }
    expect([step, totals.body]).toEqual([
      step,
      {
        conversations: loud.filter(({ unreadCount }) => unreadCount > 0).length,
        messages: loud.reduce((sum, { unreadCount }) => sum + unreadCount, 0),
        mentions: expected.reduce((sum, { mentionCount }) => sum + mentionCount, 0),
      },
    ]);
  }
}

it(
  'requirement 87: unread counts match the model after any order of sending, deleting, reading, hiding, clearing, leaving and joining',
  { timeout: 240_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const world = await makeWorld();
        for (const step of given) {
          await take(world, step);
          await compare(world, step);
        }
      }),
      { numRuns: runs, endOnFailure: true },
    );
  },
);

it('requirement 87: 200 messages and 20 concurrent read positions leave the right counts', async () => {
  const [ada, bob] = await makeUsers(server, 2);
  const { id } = await makeDirect(server, ada, bob);
  const members = async (n: number): Promise<void> => {
    const { seq } = (await api(server).as(bob).get(`/api/conversations/${id}`)).body;
    await api(server)
      .as(bob)
      .post(`/api/conversations/${id}/read`, { seq: Math.max(0, seq - n) });
  };
  // This may exceed the queue of one conversation, so rejected messages are sent again.
  const send = (n: number) => {
    const message = { conversationId: id, clientId: `many-${n}`, text: `text ${n}` };
    return untilAnswered(
      () =>
        api(server)
          .as(n % 4 === 0 ? bob : ada)
          .post('/api/messages', message),
      [200, 201],
    );
  };
  await Promise.all([
    ...Array.from({ length: 200 }, (_, n) => send(n)),
    ...Array.from({ length: 20 }, (_, n) => members(n)),
  ]);
  const conversation = (await api(server).as(bob).get(`/api/conversations/${id}`)).body;
  expect(conversation.seq).toBe(200);
  const rest = await api(server)
    .as(bob)
    .get(`/api/messages?conversationId=${id}&after=${conversation.readSeq}&limit=100`);
  expect(conversation.unreadCount).toBe(200 - conversation.readSeq);
  expect(rest.body.items.every((one) => one.senderId === ada.id)).toBe(true);
});
