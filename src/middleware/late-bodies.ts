import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import { hasBody } from './bodies.js';

/** How long a request may take to arrive; uploads have a rule of their own. */
const bodyMs = 30_000;

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by a handler that reads the body and watches its time. */
    hasOwnTimeout?: boolean;
  }
}

/** Ends a request whose body does not complete: `refuse` responds on its socket. */
export function endLateBodies(refuse: (socket: Duplex) => void): RequestHandler {
  return (req, res, next) => {
    if (!hasBody(req.headers)) return next();
    const timer = setTimeout(() => {
      if (!req.complete && !res.headersSent && req.hasOwnTimeout !== true) refuse(req.socket);
    }, bodyMs);
    timer.unref();
    res.once('close', () => clearTimeout(timer));
    next();
  };
}
