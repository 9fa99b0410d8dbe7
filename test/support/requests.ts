/** Requests that many tests make, each on the server of its user. */
import type { Socket } from 'socket.io-client';
import { as, type Answer, type Target } from './client.js';
import { sendText, type TestUser } from './factories.js';
import { nextMessage } from './sockets.js';
import type { Conversation, Message, ReadResult } from './wire.js';

/** A conversation as a user sees it. */
export async function conversationOf(user: TestUser, id: string): Promise<Conversation> {
  return (await as(user).get(`/api/conversations/${id}`)).body;
}

/** All messages of a conversation that a user sees, page by page from the first on. */
export async function historyOf(user: TestUser, conversationId: string, at: Target = user.server): Promise<Message[]> {
  const found: Message[] = [];
  for (;;) {
    const query = `conversationId=${conversationId}&after=${found.at(-1)?.seq ?? 0}&limit=100`;
    const { body } = await as(user, at).get(`/api/messages?${query}`);
    found.push(...body.items);
    if (!body.hasMoreAfter) return found;
  }
}

/** Iterates over the pages of a list; `page` requests one, with the cursor as a query suffix that is empty at first. */
export async function* pagesOf<Item>(
  page: (cursor: string) => Promise<Answer<{ items: Item[]; nextCursor: string | null }>>,
): AsyncGenerator<Item[]> {
  for (let query = ''; ;) {
    const { body } = await page(query);
    yield body.items;
    if (body.nextCursor === null) return;
    query = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
}

/** The items of all pages of a list. */
export async function allItems<Item>(page: Parameters<typeof pagesOf<Item>>[0]): Promise<Item[]> {
  const found: Item[] = [];
  for await (const items of pagesOf(page)) found.push(...items);
  return found;
}

/** Marks a conversation read up to a message. */
export function markRead(user: TestUser, id: string, seq: number): Promise<Answer<ReadResult>> {
  return as(user).post(`/api/conversations/${id}/read`, { seq });
}

export const block = (user: TestUser, { id }: { id: string }): Promise<Answer<null>> =>
  as(user).put(`/api/contacts/${id}/block`);

export const unblock = (user: TestUser, { id }: { id: string }): Promise<Answer<null>> =>
  as(user).delete(`/api/contacts/${id}/block`);

/** The path for adding and removing a reaction. */
export const reactionPath = (messageId: string, emoji = '👍') =>
  `/api/reactions/${messageId}/${encodeURIComponent(emoji)}` as const;

/** Sends a marker message and waits until each socket has received it: everything emitted earlier has arrived by then. */
export async function fence(
  sockets: Socket | readonly Socket[],
  sender: TestUser,
  conversationId: string,
): Promise<void> {
  const { id } = await sendText(sender.server, sender, conversationId, 'a fence');
  for (const socket of [sockets].flat()) await nextMessage(socket, id);
}
