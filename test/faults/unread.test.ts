import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnServer, type ChildServer } from '../support/child.js';
import { api } from '../support/client.js';
import { anotherDevice, makeDirect, makeGroup, makeUser, makeUsers, type TestUser } from '../support/factories.js';
import { insist } from '../support/insist.js';

const runs = Number(process.env['UNREAD_RUNS'] ?? 4);

let server: ChildServer;
beforeAll(async () => {
  server = await spawnServer();
});
// Looks over all that the steps have left.
afterAll(() => server.stop());

interface Message {
  id: string;
  seq: number;
  senderId: string | null;
  mentions: string[];
  isCounted: boolean;
  hiddenFrom: Set<string>;
}

/** What the test knows of somebody in a conversation. */
interface Mark {
  read: number;
  start: number;
  isMuted: boolean;
}

/** A conversation as the contract describes it, in the simplest form. */
class Model {
  readonly messages: Message[] = [];
  readonly marks = new Map<string, Mark>();

  constructor(
    readonly id: string,
    readonly isGroup: boolean,
    userIds: readonly string[],
  ) {
    for (const userId of userIds) this.marks.set(userId, { read: 0, start: 0, isMuted: false });
  }

  get seq(): number {
    return this.messages.length;
  }

  add(id: string, senderId: string | null, mentions: string[] = []): void {
    const isCounted = senderId !== null;
    this.messages.push({ id, seq: this.seq + 1, senderId, mentions, isCounted, hiddenFrom: new Set() });
    const mark = senderId === null ? undefined : this.marks.get(senderId);
    if (mark) mark.read = this.seq;
  }

  sees(userId: string, message: Message): boolean {
    const mark = this.marks.get(userId);
    return mark !== undefined && message.seq > mark.start && !message.hiddenFrom.has(userId);
  }

  counts(userId: string): { unreadCount: number; mentionCount: number } {
    const mark = this.marks.get(userId);
    const unread = this.messages.filter(
      (message) => message.isCounted && message.seq > (mark?.read ?? 0) && this.sees(userId, message),
    );
    return {
      unreadCount: unread.length,
      mentionCount: unread.filter(({ mentions }) => mentions.includes(userId)).length,
    };
  }
}

interface World {
  /** Each person on two devices. */
  people: [TestUser, TestUser][];
  models: Model[];
}

/** One step: what is done, by whom, on which device, in which conversation, and a number to choose by. */
interface Step {
  deed: 'send' | 'mention' | 'delete' | 'hide' | 'read' | 'empty' | 'mute' | 'leave' | 'join';
  person: number;
  device: number;
  conversation: number;
  choice: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    deed: fc.constantFrom<Step['deed']>(
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

/** Takes the system message that a change of members has written into the model. */
async function takeSystem(user: TestUser, model: Model): Promise<void> {
  const { lastMessage } = (await api(server).as(user).get(`/api/conversations/${model.id}`)).body;
  expect(lastMessage).toMatchObject({ type: 'system', seq: model.seq + 1 });
  model.add(lastMessage!.id, null);
}

async function changeMembers(world: World, user: TestUser, { deed }: Step): Promise<void> {
  const [group] = world.models as [Model];
  const creator = world.people[0]?.[0] as TestUser;
  if (user.id === creator.id || group.marks.has(user.id) === (deed === 'join')) return;
  const door = api(server).as(deed === 'leave' ? user : creator);
  const path = `/api/groups/${group.id}/${deed === 'leave' ? 'leave' : 'members'}`;
  const answer = await door.post(path, deed === 'leave' ? undefined : { userIds: [user.id] });
  expect(answer.status).toBe(deed === 'leave' ? 204 : 200);
  if (deed === 'leave') group.marks.delete(user.id);
  await takeSystem(creator, group);
  if (deed === 'join') group.marks.set(user.id, { read: group.seq - 1, start: group.seq - 1, isMuted: false });
}

async function onMessage(user: TestUser, model: Model, { deed, choice }: Step): Promise<void> {
  const seen = model.messages.filter(
    (message) =>
      model.sees(user.id, message) && (deed === 'hide' || (message.senderId === user.id && message.isCounted)),
  );
  const message = seen[choice % Math.max(1, seen.length)];
  if (!message) return;
  const scope = deed === 'hide' ? 'me' : 'everyone';
  const answer = await api(server).as(user).delete(`/api/messages/${message.id}?scope=${scope}`);
  expect(answer.status).toBe(deed === 'hide' ? 204 : 200);
  if (deed === 'hide') message.hiddenFrom.add(user.id);
  else {
    message.isCounted = false;
    message.mentions = [];
  }
}

async function take(world: World, step: Step): Promise<void> {
  const user = world.people[step.person]?.[step.device] as TestUser;
  const model = world.models[step.conversation] as Model;
  if (step.deed === 'leave' || step.deed === 'join') return changeMembers(world, user, step);
  const mark = model.marks.get(user.id);
  if (!mark) return;
  const others = [...model.marks.keys()];
  if (step.deed === 'send') await send(user, model, []);
  else if (step.deed === 'mention') await send(user, model, [others[step.choice % others.length] as string]);
  else if (step.deed === 'delete' || step.deed === 'hide') await onMessage(user, model, step);
  else if (step.deed === 'read') {
    const seq = step.choice % (model.seq + 1);
    const answer = await api(server).as(user).post(`/api/conversations/${model.id}/read`, { seq });
    mark.read = Math.max(mark.read, seq);
    expect(answer.body).toMatchObject({ readSeq: mark.read, ...model.counts(user.id) });
  } else if (step.deed === 'empty') {
    expect((await api(server).as(user).delete(`/api/conversations/${model.id}`)).status).toBe(204);
    mark.start = Math.max(mark.start, model.seq);
  } else {
    mark.isMuted = !mark.isMuted;
    const mutedUntil = mark.isMuted ? '2100-01-01T00:00:00Z' : null;
    await api(server).as(user).patch(`/api/conversations/${model.id}`, { mutedUntil });
  }
}

/** Compares every count that the server gives with what the model says. */
async function compare(world: World, step: Step | null): Promise<void> {
  for (const [user] of world.people) {
    const own = world.models.filter(({ marks }) => marks.has(user.id));
    const expected = own.map((model) => ({ model, ...model.counts(user.id) }));
    const loud = expected.filter(({ model }) => !model.marks.get(user.id)?.isMuted);
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
  'requirement 87: unread is a formula, after any order of sending, deleting, reading, hiding, emptying, leaving and joining',
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

it('requirement 87: 200 messages and 20 marks at the same time leave the counts that follow from them', async () => {
  const [ada, bob] = await makeUsers(server, 2);
  const { id } = await makeDirect(server, ada, bob);
  const marks = async (n: number): Promise<void> => {
    const { seq } = (await api(server).as(bob).get(`/api/conversations/${id}`)).body;
    await api(server)
      .as(bob)
      .post(`/api/conversations/${id}/read`, { seq: Math.max(0, seq - n) });
  };
  // So many at once may be more than wait in one conversation: who is told so sends again.
  const send = (n: number) => {
    const message = { conversationId: id, clientId: `many-${n}`, text: `text ${n}` };
    return insist(
      () =>
        api(server)
          .as(n % 4 === 0 ? bob : ada)
          .post('/api/messages', message),
      [200, 201],
    );
  };
  await Promise.all([
    ...Array.from({ length: 200 }, (_, n) => send(n)),
    ...Array.from({ length: 20 }, (_, n) => marks(n)),
  ]);
  const conversation = (await api(server).as(bob).get(`/api/conversations/${id}`)).body;
  expect(conversation.seq).toBe(200);
  const rest = await api(server)
    .as(bob)
    .get(`/api/messages?conversationId=${id}&after=${conversation.readSeq}&limit=100`);
  expect(conversation.unreadCount).toBe(200 - conversation.readSeq);
  expect(rest.body.items.every((one) => one.senderId === ada.id)).toBe(true);
});
