import { api } from './client.js';
import type { TestUser } from './factories.js';

/** All messages of a conversation that somebody sees, page by page from the first on. */
export async function historyOf(server: { url: string }, reader: TestUser, conversationId: string): Promise<any[]> {
  const found: any[] = [];
  for (;;) {
    const query = `conversationId=${conversationId}&after=${found.at(-1)?.seq ?? 0}&limit=100`;
    const { body } = await api(server).as(reader).get(`/api/messages?${query}`);
    found.push(...body.items);
    if (!body.hasMoreAfter) return found;
  }
}
