import { randomBytes } from 'node:crypto';
import { api } from './client.js';

export interface Tokens {
  accessToken: string;
  accessTokenExpiresAt: string;
  refreshToken: string;
  refreshTokenExpiresAt: string;
}

/** A person of a test, on one device. */
export interface TestUser {
  id: string;
  username: string;
  email: string;
  password: string;
  displayName: string;
  tokens: Tokens;
  session: { id: string };
}

interface Wishes {
  username?: string;
  email?: string;
  password?: string;
  displayName?: string;
  deviceName?: string;
}

interface Target {
  url: string;
}

function take(answer: { status: number; body: any }, expected: number[], deed: string): any {
  if (!expected.includes(answer.status)) throw new Error(`${deed}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

function person(body: any, account: { username: string; email: string; password: string }): TestUser {
  const { user, session, ...tokens } = body;
  return { ...account, id: user.id, displayName: user.displayName, tokens, session };
}

/** Registers somebody through the front door; what is not wished for is made up. */
export async function makeUser(server: Target, wishes: Wishes = {}): Promise<TestUser> {
  const mark = randomBytes(5).toString('hex');
  const account = {
    username: `u${mark}`,
    email: `u${mark}@example.test`,
    password: `plenty of ${mark} herring`,
    ...wishes,
  };
  const body = take(await api(server).post('/api/auth/register', account), [201], 'register');
  return person(body, account);
}

/** Signs the same person in on another device. */
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
  return person(body, { username, email, password });
}

/** Opens (or finds) the direct conversation of two people, as the first one sees it. */
export async function makeDirect(server: Target, a: TestUser, b: { id: string }): Promise<any> {
  return take(
    await api(server).as(a).post('/api/conversations', { type: 'direct', userId: b.id }),
    [200, 201],
    'direct',
  );
}

/** Makes a group of somebody with others, as he sees it. */
export async function makeGroup(server: Target, creator: TestUser, others: readonly { id: string }[]): Promise<any> {
  const body = { title: 'A group', memberIds: others.map(({ id }) => id) };
  return take(await api(server).as(creator).post('/api/groups', body), [201], 'group');
}

let sent = 0;

/** Sends a text over REST and gives the message. */
export async function sendText(
  server: Target,
  user: TestUser,
  conversationId: string,
  text: string,
  clientId = `c-${++sent}-${randomBytes(4).toString('hex')}`,
): Promise<any> {
  const answer = await api(server).as(user).post('/api/messages', { conversationId, clientId, text });
  return take(answer, [200, 201], 'send');
}
