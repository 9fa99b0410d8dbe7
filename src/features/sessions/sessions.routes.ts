import { type Endpoint, endpoint, nothing, ok } from '../../kernel/endpoint.js';
import { SessionList, SessionParams } from '@causerie/contract/sessions';
import type { Sessions } from './sessions.service.js';

/** The devices of the caller, under `/api/users`. */
export function sessionEndpoints(sessions: Sessions): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/sessions',
      summary: 'List the devices that are signed in',
      returns: { 200: SessionList },
      handle: async ({ actor }) => ok(await sessions.list(actor)),
    }),
    endpoint({
      method: 'delete',
      path: '/sessions',
      summary: 'Sign out every other device',
      returns: { 204: null },
      handle: async ({ actor }) => {
        await sessions.end(actor.userId, { allBut: actor.sessionId }, 'revoked');
        return nothing();
      },
    }),
    endpoint({
      method: 'delete',
      path: '/sessions/:sessionId',
      summary: 'Sign out one device',
      params: SessionParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await sessions.revoke(actor, params.sessionId);
        return nothing();
      },
    }),
  ];
}
