import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

declare module 'express-serve-static-core' {
  interface Request {
    /** Identifies this request in the response, in problem documents and in the log. */
    requestId: string;
  }
}

/** Assigns every request an id of the server's own, and returns it in a header. */
export const requestId: RequestHandler = (req, res, next) => {
  req.requestId = randomUUID();
  res.setHeader('X-Request-Id', req.requestId);
  next();
};
