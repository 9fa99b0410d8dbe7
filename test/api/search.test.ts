import pLimit from 'p-limit';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, as } from '../support/client.js';
import { makeDirect, makeGroup, makePair, makeUser, makeUsers, sendText, type TestUser } from '../support/factories.js';
import { pagesOf } from '../support/requests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import type { SearchResult } from '../support/wire.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

const search = (user: TestUser, q: string, more: Record<string, string> = {}) =>
  as(user).get(`/api/messages/search?${new URLSearchParams({ q, ...more }).toString()}`);

const textsOf = ({ body }: Answer<SearchResult>): string[] => body.items.map(({ message }) => message.text);

/** All results of a search, and the number of pages. */
async function allPages(
  user: TestUser,
  q: string,
  more: Record<string, string>,
): Promise<{ texts: string[]; pages: number }> {
  const target = `/api/messages/search?${new URLSearchParams({ q, ...more }).toString()}` as const;
  const pages: string[][] = [];
  for await (const items of pagesOf((cursor) => as(user).get(`${target}${cursor}`)))
    pages.push(items.map(({ message }) => message.text));
  return { texts: pages.flat(), pages: pages.length };
}

describe('search', () => {
  it('matches every word, the last one as a prefix, newest first, with match ranges', async () => {
    const { ada, bob, id } = await makePair(server);
    for (const text of ['Élève un', 'nothing', 'un élevé, deux', 'elevator']) await sendText(server, ada, id, text);
    const found = await search(bob, 'ELEVE');
    expect(textsOf(found)).toEqual(['un élevé, deux', 'Élève un']);
    expect(found.body.items[0]).toMatchObject({ message: { conversationId: id, state: null }, ranges: [[3, 8]] });
    expect(textsOf(await search(bob, 'elev'))).toEqual(['elevator', 'un élevé, deux', 'Élève un']);
    expect(textsOf(await search(bob, 'un de'))).toEqual(['un élevé, deux']);
    expect(textsOf(await search(bob, 'de un'))).toEqual([]);
    expect(textsOf(await search(ada, 'eleve un', { senderId: bob.id }))).toEqual([]);
    expect(textsOf(await search(ada, 'eleve un', { senderId: ada.id }))).toHaveLength(2);
  });

  it('requirement 38: treats its input literally and takes 2 to 64 characters', async () => {
    const { ada, id } = await makePair(server);
    const literal = ['.*', '(a+)+$', '^^', '\\\\', '[[', '$where'];
    await sendText(server, ada, id, 'aaaa plain words');
    for (const q of [...literal, '  ']) expect(textsOf(await search(ada, q)), q).toEqual([]);
    for (const q of literal) await sendText(server, ada, id, `says ${q} here`);
    for (const q of literal) expect(textsOf(await search(ada, q)), q).toEqual([`says ${q} here`]);
    expect(textsOf(await search(ada, 'aa'))).toHaveLength(1);
    for (const q of ['a', 'x'.repeat(65), 'x'.repeat(10_000)]) expect((await search(ada, q)).status).toBe(400);
    expect(textsOf(await search(ada, 'x'.repeat(64)))).toEqual([]);
  });

  it('requirement 38: searches only messages that the caller can see', async () => {
    const { ada, bob, id } = await makePair(server);
    const eve = await makeUser(server);
    const first = await sendText(server, ada, id, 'marker one');
    expect(textsOf(await search(eve, 'marker'))).toEqual([]);
    await as(bob).delete(`/api/conversations/${id}`);
    expect(textsOf(await search(bob, 'marker'))).toEqual([]);
    expect(textsOf(await search(bob, 'marker', { conversationId: id }))).toEqual([]);
    const second = await sendText(server, ada, id, 'marker two');
    await sendText(server, ada, id, 'marker three');
    await as(bob).delete(`/api/messages/${second.id}?scope=me`);
    expect(textsOf(await search(bob, 'marker'))).toEqual(['marker three']);
    expect(textsOf(await search(ada, 'marker'))).toHaveLength(3);
    await as(ada).delete(`/api/messages/${first.id}`);
    expect(textsOf(await search(ada, 'marker'))).toEqual(['marker three', 'marker two']);
  });

  it('finds an edited message by its new text only', async () => {
    const { ada, id } = await makePair(server);
    const sent = await sendText(server, ada, id, 'before');
    await as(ada).patch(`/api/messages/${sent.id}`, { text: 'afterwards' });
    expect(textsOf(await search(ada, 'before'))).toEqual([]);
    expect(textsOf(await search(ada, 'after'))).toEqual(['afterwards']);
  });

  it('finds the newest across very many conversations', async () => {
    const ada = await makeUser(server);
    const texts = Array.from({ length: 205 }, (_, n) => `hello ${n}`);
    const some = pLimit(10);
    const send = async (text: string) => sendText(server, ada, (await makeGroup(server, ada, [])).id, text);
    await Promise.all(texts.map((text) => some(() => send(text))));
    const found = await allPages(ada, 'hello', { limit: '100' });
    expect([...found.texts].sort()).toEqual([...texts].sort());
    const last = await sendText(server, ada, (await makeGroup(server, ada, [])).id, 'hello again');
    expect((await search(ada, 'hello', { limit: '1' })).body.items[0]!.message.id).toBe(last.id);
  });

  it('pages through rare and very common words, listing each message once and in order', async () => {
    const [ada, bob, eve] = await makeUsers(server, 3);
    const ids = [(await makeDirect(server, ada, bob)).id, (await makeDirect(server, ada, eve)).id];
    const wordOf = (n: number): string => (n % 300 === 12 ? 'commonly' : 'common');
    const texts = Array.from({ length: 2400 }, (_, n) => `${wordOf(n)} ${n % 100 === 7 ? 'seldom ' : ''}number${n}`);
    for (let at = 0; at < texts.length; at += 50) {
      await Promise.all(texts.slice(at, at + 50).map((text, n) => sendText(server, ada, ids[n % 2] ?? '', text)));
    }
    const common = await allPages(ada, 'common', { limit: '100' });
    expect(common.texts).toHaveLength(2400);
    expect([...common.texts].sort()).toEqual([...texts].sort());
    // A prefix of very many words.
    const numbers = await allPages(ada, 'number', { limit: '100' });
    expect(numbers.texts).toEqual(common.texts);
    const whole = await allPages(ada, 'common number', { limit: '100' });
    expect(whole.texts).toEqual(common.texts.filter((text) => !text.includes('commonly')));
    const both = await allPages(ada, 'common number', { limit: '100', conversationId: ids[0] ?? '' });
    expect(both.texts.length).toBe(1200 - texts.filter((text, n) => n % 2 === 0 && text.includes('commonly')).length);
    const rare = await allPages(ada, 'common seldom', { limit: '5' });
    expect(rare.texts).toEqual(common.texts.filter((text) => text.includes('seldom')));
    const times = common.texts.map((text) => Math.floor(Number(/\d+$/.exec(text)?.[0]) / 50));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    // A common word that another filter makes rare takes several steps.
    const nothing = await allPages(ada, 'common', { limit: '5', senderId: bob.id });
    expect(nothing.texts).toEqual([]);
  });
});
