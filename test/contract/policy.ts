/** Who may use a route or an event: `public`, or `user` for whoever is signed in. Written by hand, against the tables of the server. */
export type Access = 'public' | 'user';

/** Every route below /api. A new one fails the tests until somebody has decided here who may use it. */
export const routePolicy: Record<string, Access> = {
  'POST /api/auth/register': 'public',
  'POST /api/auth/login': 'public',
  'POST /api/auth/refresh': 'public',
  'POST /api/auth/forgot-password': 'public',
  'POST /api/auth/reset-password': 'public',
  'POST /api/auth/verify-email': 'public',
  'POST /api/auth/logout': 'user',
  'POST /api/auth/change-password': 'user',
  'POST /api/auth/change-email': 'user',
  'POST /api/auth/resend-verification': 'user',
  'GET /api/users/me': 'user',
  'PUT /api/users/profile': 'user',
  'GET /api/users/sessions': 'user',
  'DELETE /api/users/sessions': 'user',
  'DELETE /api/users/sessions/:sessionId': 'user',
  'GET /api/users/:userId': 'user',
  'POST /api/conversations': 'user',
  'GET /api/conversations': 'user',
  'GET /api/conversations/unread': 'user',
  'GET /api/conversations/:id': 'user',
  'PATCH /api/conversations/:id': 'user',
  'DELETE /api/conversations/:id': 'user',
  'POST /api/conversations/:id/read': 'user',
  'POST /api/conversations/:id/delivered': 'user',
  'GET /api/conversations/:id/receipts': 'user',
  'POST /api/messages': 'user',
  'GET /api/messages': 'user',
  'GET /api/messages/:id': 'user',
  'GET /api/messages/search': 'user',
  'GET /api/messages/:id/receipts': 'user',
  'GET /api/messages/:id/revisions': 'user',
  'PATCH /api/messages/:id': 'user',
  'DELETE /api/messages/:id': 'user',
  'POST /api/sync': 'user',
};

/** Every request a socket may make. There is no public one: the handshake asks for a token. */
export const eventPolicy: Record<string, Access> = {
  'message:send': 'user',
  'message:edit': 'user',
  'message:delete': 'user',
  'conversation:read': 'user',
  'conversation:delivered': 'user',
  'typing:start': 'user',
  'typing:stop': 'user',
  'presence:watch': 'user',
  sync: 'user',
  'session:renew': 'user',
};

/** What stands beside the tables: health, documents and metrics. Open by design; none of it says anything about people. */
export const openPaths = [
  '/',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/api/docs',
  '/api/openapi.json',
  '/api/asyncapi.json',
];
