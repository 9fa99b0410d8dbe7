import express, { type RequestHandler } from 'express';
import { Problem } from '../kernel/problem.js';

const usualLimit = 100_000;
const jsonTypes = ['application/json', 'application/*+json'];
const formType = 'application/x-www-form-urlencoded';

/** Whether a request brings a body at all (RFC 9112, section 6). */
function hasBody(headers: {
  'transfer-encoding'?: string | undefined;
  'content-length'?: string | undefined;
}): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

const requireKnownType: RequestHandler = (req, _res, next) => {
  if (hasBody(req.headers) && !req.is([...jsonTypes, formType])) throw new Problem('unsupported_media_type');
  next();
};

/** Reads a body of JSON or of a form into `req.body`; another type, or more than the limit, is refused before it is read. */
export function readBody(limit = usualLimit): RequestHandler[] {
  return [
    requireKnownType,
    express.json({ limit, strict: false, type: jsonTypes }),
    express.urlencoded({ limit, extended: false, type: formType }),
  ];
}
