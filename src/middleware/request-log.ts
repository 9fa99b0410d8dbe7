import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from '../kernel/logger.js';
import type { Metrics } from '../kernel/metrics.js';

/** The pattern of the route that answered; null if none did. Never the URL itself, which may hold anything. */
function patternOf(req: Request): string | null {
  const route: unknown = req.route;
  return typeof route === 'object' && route !== null && 'path' in route ? String(route.path) : null;
}

function outcomeOf(res: Response): string {
  if (!res.writableFinished) return 'aborted';
  return res.locals.problemCode ?? 'ok';
}

/** Logs one line per request, when its response was sent or its client has disconnected. */
export function logRequests(logger: Logger, metrics: Pick<Metrics, 'observeRequest'>): RequestHandler {
  return (req, res, next) => {
    const began = performance.now();
    res.once('close', () => {
      const durationMs = performance.now() - began;
      const route = patternOf(req);
      const { statusCode: status } = res;
      const line = {
        requestId: req.requestId,
        method: req.method,
        route,
        status,
        code: outcomeOf(res),
        durationMs: Math.round(durationMs),
        userId: req.user?.userId ?? null,
        sessionId: req.user?.sessionId ?? null,
      };
      metrics.observeRequest({ method: req.method, route: route ?? 'none', status }, durationMs / 1000);
      if (status >= 500) logger.warn(line, 'request');
      else logger.info(line, 'request');
    });
    next();
  };
}
