import express, { type Application } from 'express';
import type { Context } from './context/context.js';
import { asyncapi, openapi } from './documents.js';
import { accountEndpoints } from './features/account/account.routes.js';
import { authEndpoints } from './features/auth/auth.routes.js';
import { contactEndpoints } from './features/contacts/contacts.routes.js';
import {
  blockingEndpoints,
  companionEndpoints,
  conversationEndpoints,
} from './features/conversations/conversations.routes.js';
import { groupEndpoints, openingEndpoints } from './features/groups/groups.routes.js';
import { imageEndpoints, uploadEndpoints } from './features/media/media.routes.js';
import { messageEndpoints } from './features/messages/messages.routes.js';
import { notificationEndpoints } from './features/notifications/notifications.routes.js';
import { reactionEndpoints } from './features/reactions/reactions.routes.js';
import { sessionEndpoints } from './features/sessions/sessions.routes.js';
import { syncEndpoints } from './features/sync/sync.routes.js';
import { userEndpoints } from './features/users/users.routes.js';
import type { Route } from './kernel/openapi.js';
import { documentsRouter } from './middleware/documents.js';
import { refuseLate } from './middleware/broken-requests.js';
import { mountEndpoints } from './middleware/endpoints.js';
import { handleErrors, handleUnknown, requireSoundAddress } from './middleware/errors.js';
import { endLateBodies } from './middleware/late-bodies.js';
import { operationsRouter } from './middleware/operations.js';
import { requestId } from './middleware/request-id.js';
import { logRequests } from './middleware/request-log.js';
import { crossOrigin, securityHeaders } from './middleware/security.js';

/** The services that the routes call. */
type Services = Pick<
  Context,
  | 'auth'
  | 'recovery'
  | 'addresses'
  | 'users'
  | 'sessions'
  | 'contacts'
  | 'conversations'
  | 'messages'
  | 'reactions'
  | 'notifications'
  | 'deleteAccount'
  | 'exportAccount'
  | 'groups'
  | 'media'
  | 'sync'
>;

/** Every route of the API: its base and its endpoint. */
function routeTable(services: Services): Route[] {
  const {
    auth,
    recovery,
    addresses,
    users,
    sessions,
    contacts,
    conversations,
    messages,
    reactions,
    notifications,
    groups,
    media,
    sync,
  } = services;
  const tables = {
    '/api/auth': authEndpoints(auth, recovery, addresses),
    '/api/users': [
      ...userEndpoints(users),
      ...companionEndpoints(conversations),
      ...accountEndpoints(services),
      ...sessionEndpoints(sessions),
    ],
    '/api/contacts': [...contactEndpoints(contacts), ...blockingEndpoints(conversations)],
    '/api/conversations': [...openingEndpoints(groups), ...conversationEndpoints(conversations)],
    '/api/messages': messageEndpoints(messages),
    '/api/reactions': reactionEndpoints(reactions),
    '/api/notifications': notificationEndpoints(notifications),
    '/api/groups': groupEndpoints(groups),
    '/api/upload': uploadEndpoints(media),
    '/api/images': imageEndpoints(media),
    '/api/sync': syncEndpoints(sync),
  };
  return Object.entries(tables).flatMap(([base, endpoints]) => endpoints.map((endpoint) => ({ base, endpoint })));
}

/** The same table for the documents, which call no handler and so need no services. */
export function describeRoutes(): Route[] {
  return routeTable({} as Services);
}

/** Creates the HTTP application: the order of the middleware and the route table, nothing else. */
export function createApp(context: Context): Application {
  const { config, logger, metrics, draining, toProblem } = context;
  const routes = routeTable(context);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', config.http.trustProxy);
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('strict routing', true);

  app.use(endLateBodies(refuseLate));
  app.use(requestId);
  app.use(logRequests(logger, metrics));
  app.use(securityHeaders());
  app.use(crossOrigin(config.http.corsOrigins));
  app.use(requireSoundAddress);
  app.use(operationsRouter({ requireReady: context.requireReady, metrics, metricsToken: config.http.metricsToken }));
  app.use(draining.middleware);
  app.get('/', (_req, res) => res.redirect(302, '/api/docs'));
  app.use(
    documentsRouter({
      openapi: () => openapi(describeRoutes(), context.publicUrl()),
      asyncapi: () => asyncapi(context.publicUrl()),
    }),
  );
  app.use('/api', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  mountEndpoints(app, routes, {
    authenticate: context.sessions.authenticate,
    limits: context.limits,
    verifyLink: context.links.verify,
  });
  app.use(handleUnknown);
  app.use(handleErrors(toProblem, logger));
  return app;
}
