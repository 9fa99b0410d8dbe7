import { randomBytes } from 'node:crypto';
import { api, type Answer, type Target } from './client.js';
import type { AuthResult, Conversation, CreatedGroup, Message, Tokens } from './wire.js';

/** A registered user, signed in on one device. */
export interface TestUser {
  /** The server that has the account. */
  server: Target;
  id: string;
  username: string;
  email: string;
  password: string;
  displayName: string;
  tokens: Tokens;
  session: { id: string };
}

interface Options {
  username?: string;
  email?: string;
  password?: string;
  displayName?: string;
  deviceName?: string;
}

function take<Body>(answer: Answer<Body>, expected: number[], action: string): Body {
  if (!expected.includes(answer.status)) throw new Error(`${action}: ${answer.status} ${answer.text}`);
  return answer.body;
}

function person(
  server: Target,
  body: AuthResult,
  account: { username: string; email: string; password: string },
): TestUser {
  const { user, session, ...tokens } = body;
  return { ...account, server, id: user.id, displayName: user.displayName, tokens, session };
}

/** Registers a user over REST; everything not given is made up. */
export async function makeUser(server: Target, options: Options = {}): Promise<TestUser> {
  const suffix = randomBytes(5).toString('hex');
  const account = {
    username: `u${suffix}`,
    email: `u${suffix}@example.test`,
    password: `plenty of ${suffix} herring`,
    ...options,
  };
  const body = take(await api(server).post('/api/auth/register', account), [201], 'register');
  return person(server, body, account);
}

type Users<Count extends number, Found extends TestUser[] = []> = number extends Count
  ? TestUser[]
  : Found['length'] extends Count
    ? Found
    : Users<Count, [...Found, TestUser]>;

/** Registers several users at once. */
export async function makeUsers<Count extends number>(server: Target, count: Count): Promise<Users<Count>> {
  return (await Promise.all(Array.from({ length: count }, () => makeUser(server)))) as Users<Count>;
}

/** Registers two users and opens their direct conversation. */
export async function makePair(server: Target): Promise<{ ada: TestUser; bob: TestUser; id: string }> {
  const [ada, bob] = await makeUsers(server, 2);
  return { ada, bob, id: (await makeDirect(server, ada, bob)).id };
}

/** An id that no row has. */
export const unknownId = (): string => randomBytes(12).toString('hex');

/** Signs the same user in on another device. */
export async function anotherDevice(server: Target, user: TestUser, deviceName?: string): Promise<TestUser> {
  const { username, email, password } = user;
  const body = take(
    await api(server).post('/api/auth/login', {
      identifier: username,
      password,
      ...(deviceName ? { deviceName } : {}),
    }),
    [200],
    'login',
  );
  return person(server, body, { username, email, password });
}

/** Opens or finds the direct conversation of two users, as seen by the first. */
export async function makeDirect(server: Target, a: TestUser, b: { id: string }): Promise<Conversation> {
  return take(
    await api(server).as(a).post('/api/conversations', { type: 'direct', userId: b.id }),
    [200, 201],
    'direct',
  );
}

/** Creates a group, as seen by its creator. */
export async function makeGroup(
  server: Target,
  creator: TestUser,
  others: readonly { id: string }[],
): Promise<CreatedGroup> {
  const body = { title: 'A group', memberIds: others.map(({ id }) => id) };
  return take(await api(server).as(creator).post('/api/groups', body), [201], 'group');
}

let sent = 0;

/** The body of a new message. */
export function draft(
  conversationId: string,
  more: object = {},
): { conversationId: string; clientId: string; text: string } {
  const clientId = `c-${++sent}-${randomBytes(4).toString('hex')}`;
  return { conversationId, clientId, text: `text ${sent}`, ...more };
}

/** Sends a text over REST and returns the message. */
export async function sendText(
  server: Target,
  user: TestUser,
  conversationId: string,
  text: string,
  clientId?: string,
): Promise<Message> {
  const body = draft(conversationId, { text, ...(clientId === undefined ? {} : { clientId }) });
  const answer = await api(server).as(user).post('/api/messages', body);
  return take(answer, [200, 201], 'send');
}
