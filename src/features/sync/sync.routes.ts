import { type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import { SyncAnswer, SyncRequest } from '@causerie/contract/sync';
import type { Sync } from './sync.service.js';

/** A cursor of thousands of conversations is larger than any other input. */
const maxBody = 256_000;

/** Catching up, under `/api/sync`. */
export function syncEndpoints(sync: Sync): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Get everything that has changed since a cursor',
      description:
        'Connect first, then sync, then apply what was heard: of two versions of a message the higher rev counts. Without a cursor it begins.',
      limit: 'sync',
      bodyLimit: maxBody,
      body: SyncRequest,
      returns: { 200: SyncAnswer },
      handle: async ({ actor, body }) => ok(await sync.since(actor, body)),
    }),
  ];
}
