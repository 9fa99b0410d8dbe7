import { Types } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks } from '../../src/cli/checks.js';
import { openStorage } from '../../src/drivers/storage-opening.js';
import type { Storage } from '../../src/drivers/storage.js';
import { spawnServer, type ChildServer } from '../support/child.js';
import { api, type Answer, type Client } from '../support/client.js';
import { makeGroup, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { isOfNotifier, startGate, untilQuiet, type Command, type Gate } from '../support/gate.js';
import { untilAnswered } from '../support/until-answered.js';
import { picture, upload } from '../support/media.js';
import { reactionPath } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { freshUri } from '../support/store.js';

/** A server is killed every so many steps; the long run uses 1, which is every step. */
const stride = Number(process.env['STEP_STRIDE'] ?? 9);
const patient = { timeout: 280_000 };

/** Collections that a server writes on its own, whatever the request. */
const ofTheServer = new Set(['checkpoints', 'jobs', 'sessions', 'attempts', 'notifications', 'quotas']);
const writes = new Set(['insert', 'update', 'delete', 'findAndModify']);
const isStep = (command: Command): boolean =>
  writes.has(command.command) && !ofTheServer.has(command.collection) && !isOfNotifier(command);

/** A group of four, and unused uploads. */
interface Scene {
  creator: TestUser;
  admin: TestUser;
  member: TestUser;
  other: TestUser;
  stranger: TestUser;
  id: string;
  messageId: string;
  uploadId: string;
  avatarId: string;
  photoId: string;
}

/** A request, the statuses that end its retries, and the expected outcome. */
interface Action {
  /** Repeated until it returns one of `answers`. */
  ask: (as: (user: TestUser) => Client, scene: Scene) => Promise<Answer>;
  answers: number[];
  /** The commands that count as steps; by default every write except those of the notifier. */
  isStep?: (command: Command) => boolean;
  expectDone: (as: (user: TestUser) => Client, scene: Scene) => Promise<void>;
}

const groupOf = async (as: (user: TestUser) => Client, user: TestUser, { id }: Scene) =>
  as(user).get(`/api/groups/${id}`);

const roleOf = async (
  as: (user: TestUser) => Client,
  { creator, id }: Scene,
  user: TestUser,
): Promise<string | null> => {
  const { body } = await as(creator).get(`/api/groups/${id}/members`);
  return body.items.find((item) => item.user.id === user.id)?.role ?? null;
};

const textsOf = async (as: (user: TestUser) => Client, { creator, id }: Scene) =>
  (await as(creator).get(`/api/messages?conversationId=${id}&limit=100`)).body.items;

const actions: Record<string, Action> = {
  'sends a message with a picture': {
    ask: (as, { creator, id, uploadId }) =>
      as(creator).post('/api/messages', { conversationId: id, clientId: 'once', text: 'see', attachments: [uploadId] }),
    answers: [200, 201],
    async expectDone(as, scene) {
      const found = (await textsOf(as, scene)).filter(({ clientId }) => clientId === 'once');
      expect(found).toHaveLength(1);
      expect(found[0]!.attachments).toHaveLength(1);
    },
  },
  'edits a message': {
    ask: (as, { creator, messageId }) => as(creator).patch(`/api/messages/${messageId}`, { text: 'another' }),
    answers: [200],
    async expectDone(as, scene) {
      const message = (await textsOf(as, scene)).find(({ id }) => id === scene.messageId);
      expect([message!.text, message!.revision]).toEqual(['another', 1]);
    },
  },
  'deletes a message': {
    ask: (as, { creator, messageId }) => as(creator).delete(`/api/messages/${messageId}`),
    answers: [200],
    async expectDone(as, scene) {
      const message = (await textsOf(as, scene)).find(({ id }) => id === scene.messageId);
      expect([message!.text, message!.deletedAt === null]).toEqual(['', false]);
    },
  },
  'reacts to a message': {
    ask: (as, { member, messageId }) => as(member).put(reactionPath(messageId)),
    answers: [200],
    async expectDone(as, scene) {
      const message = (await textsOf(as, scene)).find(({ id }) => id === scene.messageId);
      expect(message!.reactions).toMatchObject([{ emoji: '👍', count: 1 }]);
    },
  },
  'notifies a mention': {
    async ask(as, { creator, member, id }) {
      const body = { conversationId: id, clientId: 'mention', text: 'you', mentions: [member.id] };
      const answer = await as(creator).post('/api/messages', body);
      await expect.poll(() => notifiedSeqOf(id)).toBe(answer.body.seq);
      return answer;
    },
    answers: [200, 201],
    isStep: (command) =>
      writes.has(command.command) && (command.collection === 'notifications' || isOfNotifier(command)),
    async expectDone(as, { member, id }) {
      const { body } = await as(member).get('/api/notifications');
      const own = body.items.filter(({ conversationId }) => conversationId === id);
      expect(own.filter(({ kind }) => kind === 'mention')).toHaveLength(1);
    },
  },
  'creates a group': {
    ask: (as, { creator, member }) =>
      as(creator).post('/api/groups', { title: 'New', memberIds: [member.id], clientId: `new-${member.id}` }),
    answers: [200, 201],
    async expectDone(as, { member }) {
      const { body } = await as(member).get('/api/conversations');
      expect(body.items.filter(({ title }) => title === 'New')).toHaveLength(1);
    },
  },
  'adds a member': {
    ask: (as, { creator, stranger, id }) => as(creator).post(`/api/groups/${id}/members`, { userIds: [stranger.id] }),
    answers: [200],
    async expectDone(as, scene) {
      expect(await roleOf(as, scene, scene.stranger)).toBe('member');
      expect((await groupOf(as, scene.stranger, scene)).body.memberCount).toBe(5);
    },
  },
  'removes a member': {
    ask: (as, { creator, member, id }) => as(creator).delete(`/api/groups/${id}/members/${member.id}`),
    answers: [204, 404],
    async expectDone(as, scene) {
      expect(await roleOf(as, scene, scene.member)).toBeNull();
      expect((await groupOf(as, scene.member, scene)).status).toBe(404);
      expect((await groupOf(as, scene.creator, scene)).body.memberCount).toBe(3);
    },
  },
  'leaves the group to a successor': {
    ask: (as, { creator, id }) => as(creator).post(`/api/groups/${id}/leave`),
    answers: [204, 404],
    async expectDone(as, scene) {
      const { body } = await as(scene.admin).get(`/api/groups/${scene.id}/members`);
      const roles = body.items.map(({ role }) => role).sort();
      expect([roles.filter((role: string) => role === 'creator').length, roles.length]).toEqual([1, 3]);
    },
  },
  'sets a role': {
    ask: (as, { creator, member, id }) =>
      as(creator).patch(`/api/groups/${id}/members/${member.id}`, { role: 'moderator' }),
    answers: [200],
    async expectDone(as, scene) {
      expect(await roleOf(as, scene, scene.member)).toBe('moderator');
    },
  },
  'transfers the group': {
    ask: (as, { creator, admin, id }) => as(creator).post(`/api/groups/${id}/transfer`, { userId: admin.id }),
    // A retry finds the group transferred already.
    answers: [200, 403],
    async expectDone(as, scene) {
      expect(await roleOf(as, scene, scene.admin)).toBe('creator');
    },
  },
  'sets the group photo': {
    ask: (as, { creator, id, photoId }) => as(creator).put(`/api/groups/${id}/photo`, { uploadId: photoId }),
    answers: [200],
    async expectDone(as, scene) {
      expect((await groupOf(as, scene.member, scene)).body.photo!.id).toBe(scene.photoId);
    },
  },
  'sets the group title': {
    ask: (as, { creator, id }) => as(creator).patch(`/api/groups/${id}`, { title: 'Called anew' }),
    answers: [200],
    async expectDone(as, scene) {
      expect((await groupOf(as, scene.member, scene)).body.title).toBe('Called anew');
    },
  },
  'deletes the group': {
    ask: (as, { creator, id }) => as(creator).delete(`/api/groups/${id}`),
    answers: [204, 404],
    async expectDone(as, scene) {
      for (const user of [scene.creator, scene.member]) expect((await groupOf(as, user, scene)).status).toBe(404);
    },
  },
  'sets an avatar': {
    ask: (as, { creator, avatarId }) => as(creator).put('/api/users/avatar', { uploadId: avatarId }),
    answers: [200],
    async expectDone(as, { creator, avatarId }) {
      expect((await as(creator).get('/api/users/me')).body.avatar!.id).toBe(avatarId);
    },
  },
};

/** The last message that the notifier has processed. */
const notifiedSeqOf = async (id: string): Promise<unknown> =>
  (await server.database.collection('conversations').findOne({ _id: new Types.ObjectId(id) }))?.['notifiedSeq'];

let server: TestServer;
let gate: Gate;
let env: Record<string, string>;
let storage: Storage;
/** The server that dies next. */
let current: ChildServer;
beforeAll(async () => {
  const uri = await freshUri();
  gate = await startGate(uri);
  const key = { SECRET_KEY: 'one key for all of the servers of this test' };
  server = await startTestServer({ ...key, MONGODB_URI: uri });
  // Notifications are left to the server under test.
  await server.context.notifier.stop();
  env = { ...key, MONGODB_URI: gate.uri, DATA_DIR: server.dataDir };
  storage = await openStorage(server.context.config.storage);
  current = await spawnServer(env);
});
afterAll(async () => {
  await current.stop();
  await server.stop();
});

async function makeScene(): Promise<Scene> {
  const [creator, admin, member, other, stranger] = await makeUsers(server, 5);
  const { id } = await makeGroup(server, creator, [admin, member, other]);
  await api(server).as(creator).patch(`/api/groups/${id}/members/${admin.id}`, { role: 'admin' });
  const message = await sendText(server, creator, id, 'one');
  const files = await Promise.all(
    ['message', 'avatar', 'group_photo', 'avatar', 'group_photo'].map(async (purpose) =>
      upload(server, creator, { purpose, bytes: await picture(40, 30).png().toBuffer() }),
    ),
  );
  const [first, firstPhoto] = files.slice(3);
  await api(server).as(creator).put('/api/users/avatar', { uploadId: first!.id });
  await api(server).as(creator).put(`/api/groups/${id}/photo`, { uploadId: firstPhoto!.id });
  const [uploadId, avatarId, photoId] = files.map(({ id: fileId }) => fileId) as [string, string, string];
  return { creator, admin, member, other, stranger, id, messageId: message.id, uploadId, avatarId, photoId };
}

/** Waits until a command is held at the gate, or the request is done. */
async function untilStep(isDone: () => boolean): Promise<void> {
  await untilQuiet(() => gate.underWay() === 0 && (isDone() || gate.held.length > 0));
}

/** Makes a request and kills the server before one of its steps; false if it has fewer steps. */
async function killBefore(step: number, action: Action, scene: Scene): Promise<boolean> {
  const dying = current;
  gate.close(action.isStep ?? isStep);
  let isDone = false;
  action
    .ask((user) => api(dying).as(user), scene)
    .catch(() => null)
    .finally(() => (isDone = true));
  for (let taken = 0; ; taken++) {
    await untilStep(() => isDone);
    const next = gate.held[0];
    const isThere = !isDone && next !== undefined;
    if (!isThere || taken === step) {
      if (isThere) await dying.kill('SIGKILL');
      if (isThere) gate.drop();
      gate.open();
      return isThere;
    }
    await next.release();
  }
}

/** Expects the next server to have completed or undone the interrupted work before any retry. */
async function expectSound(): Promise<void> {
  const violations: string[] = [];
  for await (const violation of runChecks(server.database, storage)) violations.push(violation);
  expect(violations).toEqual([]);
}

describe('a server killed before a step of a request, and the next server', () => {
  it.each(Object.entries(actions).map(([name, action], place) => [name, action, place] as const))(
    'requirements 91, 94: %s: done once, and nothing is left half done',
    patient,
    async (_name, action, place) => {
      for (let step = place % stride; ; step += stride) {
        const scene = await makeScene();
        const isKilled = await killBefore(step, action, scene);
        if (isKilled) {
          current = await spawnServer(env);
          await expectSound();
          await untilAnswered(() => action.ask((user) => api(current).as(user), scene), action.answers);
        }
        await action.expectDone((user) => api(current).as(user), scene);
        if (!isKilled) return;
      }
    },
  );
});
