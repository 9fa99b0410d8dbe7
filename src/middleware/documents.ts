/** Serves the API documents: two for programs, and a page for people. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { type RequestHandler, Router } from 'express';
import { page, script } from './documents-page.js';
import { handleOtherMethods } from './errors.js';

interface Deps {
  /** Called once, when the document is first requested. */
  openapi: () => unknown;
  asyncapi: () => unknown;
}

const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** The files of the package that are served; no others are. */
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-16x16.png', 'favicon-32x32.png'];

/** The page sets styles on its elements and draws icons from data URLs; everything else must come from this server. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function show(make: () => unknown): RequestHandler {
  let text: string | null = null;
  return (_req, res) => {
    text ??= JSON.stringify(make());
    res.set('Cache-Control', 'no-store').type('json').send(text);
  };
}

/** Browsers may store these files, and revalidate them each time. */
const sendAsset: RequestHandler = (req, res, next) => {
  const name = assets.find((one) => one === req.params['name']);
  if (name === undefined) return next();
  res.set('Cache-Control', 'no-cache');
  res.sendFile(name, { root: folder, cacheControl: false }, (error?: Error) => {
    if (error) next(error);
  });
};

/** The documents under `/api`; other paths are passed on. */
export function documentsRouter({ openapi, asyncapi }: Deps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/api/openapi.json', show(openapi));
  router.get('/api/asyncapi.json', show(asyncapi));
  router.get('/api/docs', (_req, res) => {
    res.set({ 'Cache-Control': 'no-store', 'Content-Security-Policy': policy }).type('html').send(page);
  });
  router.get('/api/docs/start.js', (_req, res) => {
    res.set('Cache-Control', 'no-cache').type('js').send(script);
  });
  router.get('/api/docs/:name', sendAsset);
  router.all(
    ['/api/openapi.json', '/api/asyncapi.json', '/api/docs', '/api/docs/start.js'],
    handleOtherMethods(['get', 'head']),
  );
  return router;
}
