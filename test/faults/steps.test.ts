import { Types } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks } from '../../src/cli/checks.js';
import { openStorage } from '../../src/drivers/storage-opening.js';
import type { Storage } from '../../src/drivers/storage.js';
import { spawnServer, type ChildServer } from '../support/child.js';
import { api, type Answer, type Client } from '../support/client.js';
import { makeGroup, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { isOfThePump, startGate, untilQuiet, type Command, type Gate } from '../support/gate.js';
import { insist } from '../support/insist.js';
import { picture, upload } from '../support/media.js';
import { reactionPath } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { freshUri } from '../support/store.js';

/** Every so many steps a server is killed; the long run has 1: at each of them. */
const stride = Number(process.env['STEP_STRIDE'] ?? 9);
const patient = { timeout: 280_000 };
const patienceMs = 20_000;

/** Rows that a server writes for itself, whatever it is asked. */
const ofTheServer = new Set(['checkpoints', 'jobs', 'sessions', 'attempts', 'notifications', 'quotas']);
const writes = new Set(['insert', 'update', 'delete', 'findAndModify']);
const isStep = (command: Command): boolean =>
  writes.has(command.command) && !ofTheServer.has(command.collection) && !isOfThePump(command);

/** A group of four, and a picture that nobody has used. */
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

/** What is asked of a server, how often it may be repeated, and what is to be seen when it was answered. */
interface Deed {
  /** Asked again and again until it is answered by one of `answers`. */
  ask: (as: (user: TestUser) => Client, scene: Scene) => Promise<Answer>;
  answers: number[];
  /** Which of the commands are its steps; without it every write but those of the pump. */
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

const deeds: Record<string, Deed> = {
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
  'is mentioned and told of it': {
    async ask(as, { creator, member, id }) {
      const body = { conversationId: id, clientId: 'mention', text: 'you', mentions: [member.id] };
      const answer = await as(creator).post('/api/messages', body);
      await expect.poll(() => notifiedSeqOf(id), { timeout: patienceMs }).toBe(answer.body.seq);
      return answer;
    },
    answers: [200, 201],
    isStep: (command) =>
      writes.has(command.command) && (command.collection === 'notifications' || isOfThePump(command)),
    async expectDone(as, { member, id }) {
      const { body } = await as(member).get('/api/notifications');
      const own = body.items.filter(({ conversationId }) => conversationId === id);
      expect(own.filter(({ kind }) => kind === 'mention')).toHaveLength(1);
    },
  },
  'makes a group': {
    ask: (as, { creator, member }) =>
      as(creator).post('/api/groups', { title: 'New', memberIds: [member.id], clientId: `new-${member.id}` }),
    answers: [200, 201],
    async expectDone(as, { member }) {
      const { body } = await as(member).get('/api/conversations');
      expect(body.items.filter(({ title }) => title === 'New')).toHaveLength(1);
    },
  },
  'adds somebody': {
    ask: (as, { creator, stranger, id }) => as(creator).post(`/api/groups/${id}/members`, { userIds: [stranger.id] }),
    answers: [200],
    async expectDone(as, scene) {
      expect(await roleOf(as, scene, scene.stranger)).toBe('member');
      expect((await groupOf(as, scene.stranger, scene)).body.memberCount).toBe(5);
    },
  },
  'removes somebody': {
    ask: (as, { creator, member, id }) => as(creator).delete(`/api/groups/${id}/members/${member.id}`),
    answers: [204, 404],
    async expectDone(as, scene) {
      expect(await roleOf(as, scene, scene.member)).toBeNull();
      expect((await groupOf(as, scene.member, scene)).status).toBe(404);
      expect((await groupOf(as, scene.creator, scene)).body.memberCount).toBe(3);
    },
  },
  'leaves, and another one succeeds': {
    ask: (as, { creator, id }) => as(creator).post(`/api/groups/${id}/leave`),
    answers: [204, 404],
    async expectDone(as, scene) {
      const { body } = await as(scene.admin).get(`/api/groups/${scene.id}/members`);
      const roles = body.items.map(({ role }) => role).sort();
      expect([roles.filter((role: string) => role === 'creator').length, roles.length]).toEqual([1, 3]);
    },
  },
  'gives somebody a role': {
    ask: (as, { creator, member, id }) =>
      as(creator).patch(`/api/groups/${id}/members/${member.id}`, { role: 'moderator' }),
    answers: [200],
    async expectDone(as, scene) {
      expect(await roleOf(as, scene, scene.member)).toBe('moderator');
    },
  },
  'passes the group on': {
    ask: (as, { creator, admin, id }) => as(creator).post(`/api/groups/${id}/transfer`, { userId: admin.id }),
    // Who has passed it on already may not do it again.
    answers: [200, 403],
    async expectDone(as, scene) {
      expect(await roleOf(as, scene, scene.admin)).toBe('creator');
    },
  },
  'gives the group a photo': {
    ask: (as, { creator, id, photoId }) => as(creator).put(`/api/groups/${id}/photo`, { uploadId: photoId }),
    answers: [200],
    async expectDone(as, scene) {
      expect((await groupOf(as, scene.member, scene)).body.photo!.id).toBe(scene.photoId);
    },
  },
  'gives the group a title': {
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
  'shows a picture of himself': {
    ask: (as, { creator, avatarId }) => as(creator).put('/api/users/avatar', { uploadId: avatarId }),
    answers: [200],
    async expectDone(as, { creator, avatarId }) {
      expect((await as(creator).get('/api/users/me')).body.avatar!.id).toBe(avatarId);
    },
  },
};

/** Up to which message the pump has told everybody. */
const notifiedSeqOf = async (id: string): Promise<unknown> =>
  (await server.database.collection('conversations').findOne({ _id: new Types.ObjectId(id) }))?.['notifiedSeq'];

let server: TestServer;
let gate: Gate;
let env: Record<string, string>;
let storage: Storage;
/** The one that dies next. */
let current: ChildServer;
beforeAll(async () => {
  const uri = await freshUri();
  gate = await startGate(uri);
  const key = { SECRET_KEY: 'one key for all of the servers of this test' };
  server = await startTestServer({ ...key, MONGODB_URI: uri });
  // The other one tells of messages, and nobody does it in its place.
  await server.context.notifier.stop();
  env = { ...key, MONGODB_URI: gate.uri, DATA_DIR: server.dataDir };
  storage = await openStorage(server.context.config.storage);
  current = await spawnServer(env);
});
afterAll(async () => {
  await current.stop();
  await server.stop();
}, 60_000);

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

/** Waits until somebody waits at the gate, or the deed is done. */
async function untilStep(isDone: () => boolean): Promise<void> {
  await untilQuiet(() => gate.underWay() === 0 && (isDone() || gate.held.length > 0));
}

/** Has the server do something and kills it before one of its steps; false when it has fewer. */
async function killBefore(step: number, deed: Deed, scene: Scene): Promise<boolean> {
  const dying = current;
  gate.close(deed.isStep ?? isStep);
  let isDone = false;
  deed
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

/** What the crash has left is finished or undone by the server that started after it, before anybody asks again. */
async function expectSound(): Promise<void> {
  const violations: string[] = [];
  for await (const violation of runChecks(server.database, storage)) violations.push(violation);
  expect(violations).toEqual([]);
}

describe('a server that is killed before a step of what it does, and the next one', () => {
  it.each(Object.entries(deeds).map(([name, deed], place) => [name, deed, place] as const))(
    'requirements 91, 94: %s: it is done once, and nothing is left half done',
    patient,
    async (_name, deed, place) => {
      for (let step = place % stride; ; step += stride) {
        const scene = await makeScene();
        const isKilled = await killBefore(step, deed, scene);
        if (isKilled) {
          current = await spawnServer(env);
          await expectSound();
          await insist(() => deed.ask((user) => api(current).as(user), scene), deed.answers);
        }
        await deed.expectDone((user) => api(current).as(user), scene);
        if (!isKilled) return;
      }
    },
  );
});
