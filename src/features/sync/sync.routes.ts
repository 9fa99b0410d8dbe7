import { type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import { SyncAnswer, SyncRequest } from '@causerie/contract/sync';
import type { Sync } from './sync.service.js';

/** In bytes: the cursor of thousands of conversations is larger than any other input. */
const maxBody = 256_000;

/** Synchronization, under `/api/sync`. */
export function syncEndpoints(sync: Sync): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Get all changes since a cursor',
      description:
        'Connect the socket first, then sync, then apply the events received meanwhile: of two versions of a message the one with the higher `rev` is newer. Leave the cursor out to start.',
      limit: 'sync',
      bodyLimit: maxBody,
      body: SyncRequest,
      returns: { 200: SyncAnswer },
      handle: async ({ actor, body }) => ok(await sync.since(actor, body)),
    }),
  ];
}
