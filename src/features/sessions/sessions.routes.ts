import { type Endpoint, endpoint, nothing, ok } from '../../kernel/endpoint.js';
import { SessionList, SessionParams } from '@causerie/contract/sessions';
import type { Sessions } from './sessions.service.js';

/** Sessions of the caller, under `/api/users`. */
export function sessionEndpoints(sessions: Sessions): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/sessions',
      summary: 'List sessions',
      returns: { 200: SessionList },
      handle: async ({ actor }) => ok(await sessions.list(actor)),
    }),
    endpoint({
      method: 'delete',
      path: '/sessions',
      summary: 'End all other sessions',
      returns: { 204: null },
      handle: async ({ actor }) => {
        await sessions.end(actor.userId, { allBut: actor.sessionId }, 'revoked');
        return nothing();
      },
    }),
    endpoint({
      method: 'delete',
      path: '/sessions/:sessionId',
      summary: 'End a session',
      params: SessionParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await sessions.revoke(actor, params.sessionId);
        return nothing();
      },
    }),
  ];
}
