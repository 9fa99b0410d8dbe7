/** Endpoints for operators: liveness, readiness and metrics. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Router, type Request, type RequestHandler } from 'express';
import type { Metrics } from '../kernel/metrics.js';
import { Problem, unavailable } from '../kernel/problem.js';
import { bearerToken } from './auth.js';
import { handleOtherMethods } from './errors.js';

interface Deps {
  /** Throws if the server cannot answer requests now. */
  requireReady(): Promise<void>;
  metrics: Pick<Metrics, 'contentType' | 'text'>;
  metricsToken: string | null;
}

function isEqual(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Whether a request comes from this machine, and not through a proxy. */
function isLocal(req: Request): boolean {
  const from = req.socket.remoteAddress ?? '';
  const isProxied = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'].some(
    (name) => req.headers[name] !== undefined,
  );
  return /^(127\.|::1$|::ffff:127\.)/.test(from) && !isProxied;
}

const onlyHere = {
  en: 'Metrics are available from this machine only, or with METRICS_TOKEN.',
  fr: 'Les métriques ne sont accessibles que depuis cette machine, ou avec METRICS_TOKEN.',
};

function guardMetrics(token: string | null): RequestHandler {
  return (req, _res, next) => {
    if (token === null && !isLocal(req)) throw new Problem('forbidden', { sentence: onlyHere });
    if (token !== null && !isEqual(bearerToken(req.headers.authorization), token)) throw new Problem('unauthenticated');
    next();
  };
}

export function operationsRouter({ requireReady, metrics, metricsToken }: Deps): Router {
  const router = Router();
  const noMethods = handleOtherMethods(['get', 'head']);
  router.use(['/health', '/metrics'], (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/health/live', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/health/ready', async (_req, res) => {
    await requireReady().catch((error: unknown) => {
      throw unavailable(error);
    });
    res.json({ status: 'ok' });
  });
  router.get('/metrics', guardMetrics(metricsToken), async (_req, res) => {
    res.set('Content-Type', metrics.contentType).send(await metrics.text());
  });
  router.all(['/health/live', '/health/ready', '/metrics'], noMethods);
  return router;
}
