import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, as, withoutRequestId } from '../support/client.js';
import {
  anotherDevice,
  draft,
  makeDirect,
  makeGroup,
  makeUser,
  makeUsers,
  sendText,
  type TestUser,
  unknownId,
} from '../support/factories.js';
import { upload } from '../support/media.js';
import { pagesOf, reactionPath } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask, connectAs, nextEvent } from '../support/sockets.js';
import { routeTable } from '../support/table.js';

let server: TestServer;
let owner: TestUser;
let outsider: TestUser;
let conversationId: string;
let messageId: string;
let ownConversationId: string;
let spareId: string;
let spareMessageId: string;
let groupId: string;
let spareGroups: Record<string, string>;
let hiddenId: string;
let uploadId: string;
let spareUploadId: string;
beforeAll(async () => {
  server = await startTestServer();
  owner = await makeUser(server);
  outsider = await makeUser(server);
  const friend = await makeUser(server);
  conversationId = (await makeDirect(server, owner, friend)).id;
  messageId = (await sendText(server, owner, conversationId, 'not for everybody')).id;
  groupId = (await makeGroup(server, owner, [friend])).id;
  spareGroups = {
    'POST leave': (await makeGroup(server, owner, [friend])).id,
    'DELETE ': (await makeGroup(server, owner, [friend])).id,
  };
  hiddenId = (await sendText(server, owner, conversationId, 'to be hidden')).id;
  spareMessageId = (await sendText(server, owner, conversationId, 'to be deleted')).id;
  spareId = (await makeDirect(server, owner, await makeUser(server))).id;
  uploadId = (await upload(server, owner)).id;
  spareUploadId = (await upload(server, owner)).id;
  ownConversationId = (await makeDirect(server, outsider, friend)).id;
});

/** A response without the parts that change from one request to the next. */
function comparable(answer: Answer): string {
  const headers = [...answer.headers].filter(([name]) => !/^(date|x-request-id|ratelimit-.*)$/.test(name));
  return JSON.stringify([withoutRequestId(answer), headers]);
}

interface Case {
  name: string;
  /** The status for the owner of the id. */
  granted: number;
  id: () => string;
  ask: (user: TestUser, id: string) => Promise<Answer>;
}

const quoting = (user: TestUser, field: string, value: unknown) =>
  as(user).post('/api/messages', draft(user === owner ? conversationId : ownConversationId, { [field]: value }));

const cases: Case[] = [
  {
    name: 'GET /api/conversations/:id',
    granted: 200,
    id: () => conversationId,
    ask: (user, id) => as(user).get(`/api/conversations/${id}`),
  },
  {
    name: 'PATCH /api/conversations/:id',
    granted: 200,
    id: () => conversationId,
    ask: (user, id) => as(user).patch(`/api/conversations/${id}`, { pinned: true }),
  },
  {
    name: 'POST /api/conversations/:id/read',
    granted: 200,
    id: () => conversationId,
    ask: (user, id) => as(user).post(`/api/conversations/${id}/read`, { seq: 1 }),
  },
  {
    name: 'POST /api/conversations/:id/delivered',
    granted: 200,
    id: () => conversationId,
    ask: (user, id) => as(user).post(`/api/conversations/${id}/delivered`, { seq: 1 }),
  },
  {
    name: 'GET /api/conversations/:id/receipts',
    granted: 200,
    id: () => conversationId,
    ask: (user, id) => as(user).get(`/api/conversations/${id}/receipts`),
  },
  {
    name: 'DELETE /api/conversations/:id',
    granted: 204,
    id: () => spareId,
    ask: (user, id) => as(user).delete(`/api/conversations/${id}`),
  },
  {
    name: 'GET /api/messages/:id',
    granted: 200,
    id: () => messageId,
    ask: (user, id) => as(user).get(`/api/messages/${id}`),
  },
  ...[
    ['GET', '', 200, undefined],
    ['PATCH', '', 200, { title: 'x' }],
    ['DELETE', '/photo', 200, undefined],
    ['GET', '/members', 200, undefined],
    ['POST', '/members', 200, { userIds: [unknownId()] }],
    ['POST', '/transfer', 404, { userId: unknownId() }],
    ['PUT', '/photo', 404, { uploadId: unknownId() }],
    ['DELETE', '/members/:userId', 404, undefined],
    ['PATCH', '/members/:userId', 404, { role: 'admin' }],
  ].map(([method, path, granted, body]): Case => ({
    name: `${String(method)} /api/groups/:id${String(path)}`,
    granted: Number(granted),
    id: () => groupId,
    ask: (user, id) =>
      as(user).request(String(method), `/api/groups/${id}${String(path).replace(':userId', unknownId())}`, body),
  })),
  ...['POST leave', 'DELETE '].map((action): Case => ({
    name: action === 'DELETE ' ? 'DELETE /api/groups/:id' : 'POST /api/groups/:id/leave',
    granted: 204,
    id: () => spareGroups[action] ?? '',
    ask: (user, id) => {
      const [method = '', path = ''] = action.split(' ');
      return as(user).request(method, `/api/groups/${id}${path && `/${path}`}`);
    },
  })),
  {
    name: 'GET /api/messages/:id/receipts',
    granted: 200,
    id: () => messageId,
    ask: (user, id) => as(user).get(`/api/messages/${id}/receipts`),
  },
  {
    name: 'GET /api/messages/:id/revisions',
    granted: 200,
    id: () => messageId,
    ask: (user, id) => as(user).get(`/api/messages/${id}/revisions`),
  },
  {
    name: 'PATCH /api/messages/:id',
    granted: 200,
    id: () => messageId,
    ask: (user, id) => as(user).patch(`/api/messages/${id}`, { text: 'edited' }),
  },
  {
    name: 'DELETE /api/messages/:id',
    granted: 200,
    id: () => spareMessageId,
    ask: (user, id) => as(user).delete(`/api/messages/${id}`),
  },
  {
    name: 'DELETE /api/messages/:id me',
    granted: 204,
    id: () => hiddenId,
    ask: (user, id) => as(user).delete(`/api/messages/${id}?scope=me`),
  },
  ...['PUT', 'DELETE', 'GET'].map((method): Case => ({
    name: `${method} /api/reactions/:messageId${method === 'GET' ? '' : '/:emoji'}`,
    granted: 200,
    id: () => messageId,
    ask: (user, id) => as(user).request(method, method === 'GET' ? `/api/reactions/${id}` : reactionPath(id)),
  })),
  {
    name: 'GET /api/messages',
    granted: 200,
    id: () => conversationId,
    ask: (user, id) => as(user).get(`/api/messages?conversationId=${id}`),
  },
  {
    name: 'GET /api/messages around',
    granted: 200,
    id: () => conversationId,
    ask: (user, id) => as(user).get(`/api/messages?conversationId=${id}&around=1&limit=5`),
  },
  {
    name: 'GET /api/messages/search',
    granted: 200,
    id: () => conversationId,
    ask: (user, id) => as(user).get(`/api/messages/search?q=everybody&conversationId=${id}`),
  },
  {
    name: 'POST /api/messages',
    granted: 201,
    id: () => conversationId,
    ask: (user, id) => as(user).post('/api/messages', draft(id)),
  },
  {
    name: 'POST /api/messages replyTo',
    granted: 201,
    id: () => messageId,
    ask: (user, id) => quoting(user, 'replyTo', id),
  },
  {
    name: 'GET /api/upload/:id',
    granted: 200,
    id: () => uploadId,
    ask: (user, id) => as(user).get(`/api/upload/${id}`),
  },
  {
    name: 'GET /api/upload/:id/content',
    granted: 200,
    id: () => uploadId,
    ask: (user, id) => as(user).get(`/api/upload/${id}/content`),
  },
  {
    name: 'GET /api/images/:id',
    granted: 200,
    id: () => uploadId,
    ask: (user, id) => as(user).get(`/api/images/${id}?size=thumb`),
  },
  {
    name: 'DELETE /api/upload/:id',
    granted: 204,
    id: () => spareUploadId,
    ask: (user, id) => as(user).delete(`/api/upload/${id}`),
  },
  {
    name: 'POST /api/messages attachments',
    granted: 201,
    id: () => uploadId,
    ask: (user, id) => quoting(user, 'attachments', [id]),
  },
];

describe('ids of other users', () => {
  it('requirement 25: every route that takes an id is tested', () => {
    const tried = new Set(cases.map(({ name }) => name.split(' ').slice(0, 2).join(' ')));
    // Any signed-in user may read profiles; sessions have their own test below.
    const known = ['GET /api/users/:userId', 'POST /api/conversations', 'DELETE /api/users/sessions/:sessionId'];
    // Contacts and blocks belong to the caller, whatever user they name.
    known.push('PATCH /api/contacts/:userId', 'DELETE /api/contacts/:userId');
    // Notifications have their own test below.
    known.push('POST /api/notifications/:id/read', 'DELETE /api/notifications/:id');
    known.push('PUT /api/contacts/:userId/block', 'DELETE /api/contacts/:userId/block');
    const withId = routeTable()
      .filter(
        ({ name, endpoint }) =>
          endpoint.access !== 'public' && (name.includes('/:') || /messages|POST \/api\/conv/.test(name)),
      )
      .map(({ name }) => name);
    expect([...tried, ...known].sort()).toEqual(withId.sort());
  });

  it.each(cases)(
    "requirement 25: $name responds alike for what is not the caller's and what does not exist",
    async (one) => {
      expect((await one.ask(owner, one.id())).status).toBe(one.granted);
      const notMine = await one.ask(outsider, one.id());
      const notThere = await one.ask(outsider, unknownId());
      expect([notMine.status, notMine.code]).toEqual([404, 'not_found']);
      expect(comparable(notMine)).toBe(comparable(notThere));
      expect(notMine.text).not.toContain(one.id());
      const french = await as(outsider).with({ 'accept-language': 'fr' }).get(`/api/messages/${one.id()}`);
      expect(french.status).toBe(404);
    },
  );

  it("requirement 25: another user's session is not found, and continues", async () => {
    const device = await anotherDevice(server, owner);
    const notMine = await as(outsider).delete(`/api/users/sessions/${device.session.id}`);
    const notThere = await as(outsider).delete(`/api/users/sessions/${unknownId()}`);
    expect([notMine.status, notMine.code]).toEqual([404, 'not_found']);
    expect(comparable(notMine)).toBe(comparable(notThere));
    expect((await as(device).get('/api/users/me')).status).toBe(200);
    expect((await as(owner).delete(`/api/users/sessions/${device.session.id}`)).status).toBe(204);
    expect((await as(device).get('/api/users/me')).code).toBe('session_revoked');
  });

  it("requirement 25: another user's notification is not found, and stays", async () => {
    const [maker, recipient] = await makeUsers(server, 2);
    const socket = await connectAs(server, recipient);
    await makeGroup(server, maker, [recipient]);
    const { notification } = await nextEvent(socket, 'notification:created');
    for (const [method, path] of [
      ['POST', '/read'],
      ['DELETE', ''],
    ] as const) {
      const notMine = await as(maker).request(method, `/api/notifications/${notification.id}${path}`);
      const notThere = await as(maker).request(method, `/api/notifications/${unknownId()}${path}`);
      expect([notMine.status, notMine.code]).toEqual([404, 'not_found']);
      expect(comparable(notMine)).toBe(comparable(notThere));
    }
    expect((await as(recipient).get('/api/notifications')).body.items).toEqual([notification]);
  });

  it("requirement 25: attaching or mentioning what is not the caller's reveals nothing either", async () => {
    const attached = [
      await quoting(outsider, 'attachments', [messageId]),
      await quoting(outsider, 'attachments', [unknownId()]),
    ];
    expect(attached[0]?.status).toBe(404);
    expect(comparable(attached[0] as Answer)).toBe(comparable(attached[1] as Answer));
    const mentioned = [
      await quoting(outsider, 'mentions', [owner.id]),
      await quoting(outsider, 'mentions', [unknownId()]),
    ];
    expect(mentioned[0]?.status).toBe(400);
    expect(comparable(mentioned[0] as Answer)).toBe(comparable(mentioned[1] as Answer));
  });

  it('requirement 25: the socket responds alike, and neither transport changed anything', async () => {
    const before = await as(owner).get(`/api/messages?conversationId=${conversationId}&limit=100`);
    const socket = await connectAs(server, outsider);
    const replies = [
      await ask(socket, 'message:send', draft(conversationId)),
      await ask(socket, 'message:send', draft(unknownId())),
      await ask(socket, 'message:send', draft(ownConversationId, { replyTo: messageId })),
    ];
    const documents = replies.map((reply) => ({ ...reply.error, requestId: '' }));
    expect(documents[0]?.code).toBe('not_found');
    expect(documents[1]).toEqual(documents[0]);
    expect(documents[2]?.code).toBe('not_found');
    for (const one of cases) await one.ask(outsider, one.id());
    const after = await as(owner).get(`/api/messages?conversationId=${conversationId}&limit=100`);
    expect(after.body.items.filter((item) => item.senderId === outsider.id)).toEqual([]);
    expect(after.body.items.length).toBe(before.body.items.length);
    expect((await as(outsider).get('/api/conversations')).body.items.map((item) => item.id)).toEqual([
      ownConversationId,
    ]);
  });

  it("requirement 25: an id that is not a user's finds and invites nobody", async () => {
    for (const id of [conversationId, messageId, owner.session.id]) {
      for (const ask of [
        (one: string) => as(outsider).get(`/api/users/${one}`),
        (userId: string) => as(outsider).post('/api/conversations', { type: 'direct', userId }),
      ]) {
        const [wrong, unknown] = [await ask(id), await ask(unknownId())];
        expect(wrong.status).toBe(404);
        expect(comparable(wrong)).toBe(comparable(unknown));
      }
    }
  });
});

describe('ids, limits and cursors', () => {
  it('requirement 45: a malformed id is a 400 on every route', async () => {
    for (const id of [
      '1',
      '-1',
      'a'.repeat(23),
      'a'.repeat(25),
      'A'.repeat(24),
      'g'.repeat(24),
      '%00',
      '%5Bobject%20Object%5D',
      '0x',
    ]) {
      const paths = [
        `/api/users/${id}`,
        `/api/conversations/${id}`,
        `/api/messages/${id}`,
        `/api/messages?conversationId=${id}`,
      ];
      for (const path of paths) {
        const answer = await as(outsider).get(path);
        expect([path, answer.status, answer.code]).toEqual([path, 400, 'invalid_input']);
      }
      const ended = await as(outsider).delete(`/api/users/sessions/${id}`);
      expect([id, ended.status]).toEqual([id, 400]);
    }
  });

  it('requirement 45: a limit is an integer from 1 to 100', async () => {
    const lists = ['/api/conversations?', `/api/messages?conversationId=${ownConversationId}&`];
    for (const list of lists) {
      for (const limit of [
        '0',
        '-1',
        '101',
        '1.5',
        '1e1',
        '',
        ' 5',
        '0x5',
        'ten',
        'NaN',
        '9007199254740993',
        '1e999',
      ]) {
        const answer = await as(outsider).get(`${list}limit=${encodeURIComponent(limit)}`);
        expect([list, limit, answer.status]).toEqual([list, limit, 400]);
      }
      for (const limit of ['1', '100']) expect((await as(outsider).get(`${list}limit=${limit}`)).status).toBe(200);
    }
    for (const place of ['before', 'after', 'around']) {
      for (const seq of ['-1', '1.5', 'x', '9007199254740993', '1e999']) {
        const answer = await as(outsider).get(`/api/messages?conversationId=${ownConversationId}&${place}=${seq}`);
        expect([place, seq, answer.status]).toEqual([place, seq, 400]);
      }
    }
  });

  it('requirement 45: a cursor works only for its user and its list, and only unaltered', async () => {
    const [user, other] = await makeUsers(server, 2);
    for (const one of [user, other])
      for (let count = 0; count < 3; count++) await makeDirect(server, one, await makeUser(server));
    const page = await as(user).get('/api/conversations?limit=2');
    const cursor = page.body.nextCursor!;
    expect(cursor).toMatch(/^[\w-]+$/);
    expect((await as(user).get(`/api/conversations?limit=2&cursor=${cursor}`)).body.items).toHaveLength(1);
    const altered = [...cursor].map(
      (letter, at) => `${cursor.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`,
    );
    const made = Buffer.from(JSON.stringify({ seq: 1 })).toString('base64url');
    for (const wrong of [
      ...altered,
      cursor.slice(1),
      cursor.slice(0, -1),
      `${cursor}A`,
      `${cursor}%3D`,
      made,
      'x',
      '',
      '%20',
      unknownId(),
    ]) {
      const answer = await as(user).get(`/api/conversations?limit=2&cursor=${wrong}`);
      expect([wrong, answer.status, answer.problem.errors?.[0]?.path]).toEqual([wrong, 400, 'query.cursor']);
    }
    const foreign = await as(other).get(`/api/conversations?limit=2&cursor=${cursor}`);
    expect([foreign.status, foreign.code]).toEqual([400, 'invalid_input']);
    for (const filter of ['unread', 'archived']) {
      const elsewhere = await as(user).get(`/api/conversations?limit=2&filter=${filter}&cursor=${cursor}`);
      expect([filter, elsewhere.status]).toEqual([filter, 400]);
    }
  });
});

describe('pages', () => {
  it('requirement 45: each conversation is listed once, even if others move while paging', async () => {
    const user = await makeUser(server);
    const peers = await makeUsers(server, 23);
    const ids: string[] = [];
    for (const peer of peers) {
      const { id } = await makeDirect(server, user, peer);
      ids.push(id);
      await sendText(server, user, id, 'hello');
    }
    const seen: string[] = [];
    const moved = new Set<string>();
    for await (const page of pagesOf((cursor) => as(user).get(`/api/conversations?limit=5${cursor}`))) {
      seen.push(...page.map((item) => item.id));
      // A listed and an unlisted conversation move to the top, and a new one starts.
      for (const id of [seen.at(-1), ids.find((one) => !seen.includes(one))]) {
        if (id === undefined) continue;
        moved.add(id);
        await sendText(server, user, id, 'again');
      }
      const fresh = await makeDirect(server, user, await makeUser(server));
      moved.add(fresh.id);
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (const id of ids) expect([id, seen.includes(id) || moved.has(id)]).toEqual([id, true]);
    const top = (await as(user).get('/api/conversations?limit=100')).body.items.map((item) => item.id);
    expect(new Set(top)).toEqual(new Set([...ids, ...moved]));
  });

  it('requirement 45: each message is listed once and in order, in both directions, while others write', async () => {
    const [a, b] = await makeUsers(server, 2);
    const { id } = await makeDirect(server, a, b);
    const texts = Array.from({ length: 100 }, (_, at) => `message ${at + 1}`);
    for (const text of texts) await sendText(server, a, id, text);
    let isWriting = true;
    const writing = (async () => {
      for (let count = 0; isWriting; count++) await sendText(server, b, id, `meanwhile ${count}`);
    })();
    async function walk(direction: 'before' | 'after', from: number): Promise<{ seq: number; text: string }[]> {
      const found: { seq: number; text: string }[] = [];
      let place = from;
      for (;;) {
        const page = await as(a).get(`/api/messages?conversationId=${id}&limit=7&${direction}=${place}`);
        const { items } = page.body;
        if (items.length === 0) return found;
        if (direction === 'before') found.unshift(...items);
        else found.push(...items);
        place = (direction === 'before' ? items[0] : items.at(-1))?.seq ?? 0;
        if (direction === 'after' && place >= 100) return found;
      }
    }
    const [backward, forward] = await Promise.all([walk('before', 101), walk('after', 0)]);
    isWriting = false;
    await writing;
    expect(backward.map((item) => item.text)).toEqual(texts);
    expect(forward.slice(0, 100).map((item) => item.text)).toEqual(texts);
    expect(forward.map((item) => item.seq)).toEqual(forward.map((_, at) => at + 1));
  });
});
